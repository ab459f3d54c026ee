package io.gatun.perf.suite;

import static io.gatun.perf.suite.Problem.full;
import static io.gatun.perf.suite.Problem.quick;

import java.util.List;

/**
 * Products of no net in particular: squares from one vector to beyond the caches (at 8 dispatch is what counts, 64 fits
 * the first-level cache, 256 the second, 1,024 neither), a dense layer of 4,096 on one and on four samples, and many
 * small ones at once. And two layers of a perceptron on 784 pixels.
 */
final class ProductProblems {
    private static final String SQUARES = "squares";
    private static final String SKINNY = "skinny";
    private static final String MLP = "MLP";

    private ProductProblems() {}

    static final List<Problem> ALL = List.of(
            quick(SQUARES, "gemm f32 m=8 n=8 k=8"),
            full(SQUARES, "gemm f32 m=16 n=16 k=16"),
            full(SQUARES, "gemm f32 m=32 n=32 k=32"),
            quick(SQUARES, "gemm f32 m=64 n=64 k=64"),
            quick(SQUARES, "gemm f32 m=256 n=256 k=256"),
            full(SQUARES, "gemm f32 m=512 n=512 k=512"),
            quick(SQUARES, "gemm f32 m=1024 n=1024 k=1024"),
            quick(SKINNY, "gemm f32 m=1 n=4096 k=4096"),
            full(SKINNY, "gemm f32 m=4 n=4096 k=4096"),
            full(SKINNY, "gemm f32 m=4096 n=1 k=4096"),
            full(SKINNY, "gemm f32 m=4096 n=4 k=4096"),
            full(SKINNY, "gemm f32 m=64 n=64 k=64 batch=64"),
            // Batch 256, 784 pixels to 1,024 units; the gradient of the second layer's input.
            full(MLP, "gemm f32 tb bias m=256 n=1024 k=784 act=relu"),
            full(MLP, "gemm f32 m=256 n=1024 k=1024"),
            quick(MLP, "step mlp"));
}
