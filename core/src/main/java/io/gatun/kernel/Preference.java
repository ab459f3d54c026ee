package io.gatun.kernel;

import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/**
 * Which backends a spec is offered to, in which order: the one place where that is decided.
 *
 * @param name what the user asked for
 * @param demanded the backend that must work, or null
 * @param measured what is known of single specs on this machine; only {@code auto} asks it
 */
record Preference(String name, String demanded, Choices measured) {
    private static final List<String> COMPUTE = List.of("onednn", "simd", "reference");
    private static final List<String> MEMORY = List.of("simd", "onednn", "reference");
    private static final List<String> SIMD = List.of("simd", "reference");
    private static final List<String> REFERENCE = List.of("reference");

    /** NVIDIA's libraries where they are there, then our own kernels; never the host. */
    private static final List<String> CUDA = List.of("cudnn", "cublaslt", "cuda");

    /**
     * At 64 cubed our GEMM is 1.26 times as fast as oneDNN's on one Zen 5 core and 1.94 times on two, a batch of 64 of them
     * 0.98 times; from 256 cubed to 2048 cubed 1.0 to 1.07 times.
     */
    private static final double SMALL_GEMM_FLOPS = 2.0 * 64 * 64 * 64;

    /**
     * Depthwise convolutions of narrower pixels are ours first: 1.0 to 1.6 times as fast as oneDNN's at 112x112x32 and
     * 56x56x128 (stride 2: 0.78 to 1.1); from 256 channels on 0.4 to 1.3.
     */
    private static final int NARROW_DEPTHWISE = 256;

    /**
     * Up to so many vectors times a matrix across k, or one along it, are ours first: 1.2 to 1.8 times as fast as
     * oneDNN's at 4096 x 4096; four vectors along k are 1.15 to 1.19, with quartiles of 0.8 to 1.5, and left to oneDNN.
     */
    private static final int FEW_VECTORS = 4;

    /** Below, one oneDNN thread is as fast as our two; above, it divides one image about as well as we do. */
    private static final double LEAST_ALONE = 4e6;

    private static final double MOST_ALONE = 5e7;

    /** 16 images of 7x7 pixels are fewer, 64 of 4x4 are not. */
    private static final int FEW_PIXELS = 1024;

    static Preference of(String name) {
        return switch (name) {
            case "auto" -> measured(Choices.standard());
            case "onednn", "simd", "reference", "cuda" -> new Preference(name, name, Choices.NONE);
            default ->
                throw new IllegalArgumentException(
                        "unknown backend '" + name + "'; known are auto, onednn, simd, reference, cuda");
        };
    }

    /** {@code auto} with these measured choices before its rules. */
    static Preference measured(Choices choices) {
        return new Preference("auto", null, choices);
    }

    /** Refuses what is no backend to choose: the reference is never the fastest. */
    static void requireMeasurable(String backend) {
        if (!backend.equals("onednn") && !backend.equals("simd")) {
            throw new IllegalArgumentException("unknown backend '" + backend + "'; known are onednn, simd");
        }
    }

    boolean admits(String backend) {
        return switch (name) {
            case "simd" -> SIMD.contains(backend);
            case "reference" -> REFERENCE.contains(backend);
            case "cuda" -> CUDA.contains(backend);
            default -> !CUDA.contains(backend);
        };
    }

    /** Whether anybody misses a backend that cannot be used: NVIDIA's libraries only come before our own kernels. */
    boolean expects(String backend) {
        return !CUDA.contains(backend);
    }

    List<String> order(Spec spec) {
        return switch (name) {
            case "onednn" -> COMPUTE;
            case "simd" -> SIMD;
            case "reference" -> REFERENCE;
            case "cuda" -> CUDA;
            default -> first(measured.backend(spec), automatic(spec));
        };
    }

    /** The order with that one at its head; the order itself for null. */
    private static List<String> first(String backend, List<String> order) {
        if (backend == null || backend.equals(order.getFirst())) {
            return order;
        }
        List<String> changed = new ArrayList<>(order);
        changed.remove(backend);
        changed.addFirst(backend);
        return changed;
    }

    /**
     * Our recurrent layers come first: at h = 512 and b = 32 the LSTM is 1.29 times as fast as oneDNN's forward and 1.17
     * times backward, the GRU 1.35 and 1.45 times; at h = 128 the GRU 3 to 4 times.
     */
    private static List<String> automatic(Spec spec) {
        return switch (spec) {
            case GemmSpec gemm -> small(gemm) || fewVectors(gemm) ? MEMORY : COMPUTE;
            case ConvSpec conv ->
                narrowDepthwise(conv) || winograd(conv) || fewPixels(conv) || alone(conv) || backward(conv)
                        ? MEMORY
                        : COMPUTE;
            case QuantizedConvSpec _ -> COMPUTE;
            default -> MEMORY;
        };
    }

    private static boolean small(GemmSpec gemm) {
        return gemm.flops() / Math.max(1, gemm.batch()) <= SMALL_GEMM_FLOPS;
    }

    private static boolean fewVectors(GemmSpec gemm) {
        return !gemm.transB() && gemm.m() <= FEW_VECTORS
                || gemm.transA() && gemm.n() <= FEW_VECTORS
                || !gemm.transA() && !gemm.transB() && gemm.n() == 1;
    }

    /**
     * 3x3 convolutions of 32 channels and more are ours first, by Winograd's algorithm: 1.3 to 1.8 times as fast as
     * oneDNN's in all three directions; of 512 channels and 784 pixels 0.92 to 1.0.
     */
    private static boolean winograd(ConvSpec conv) {
        return conv.kh() == 3
                && conv.kw() == 3
                && conv.sh() * conv.sw() * conv.dh() * conv.dw() * conv.groups() == 1
                && conv.ic() % 16 == 0
                && conv.oc() % 16 == 0
                && Math.min(conv.ic(), conv.oc()) >= 32
                && pixels(conv) >= FEW_PIXELS;
    }

    /**
     * Forward and backward data of 1x1 on so few pixels that the weights are most of what is read: 1.1 to 1.25 times as fast
     * as oneDNN's.
     */
    private static boolean fewPixels(ConvSpec conv) {
        return conv.direction() != ConvSpec.Direction.BACKWARD_WEIGHTS
                && conv.kh() * conv.kw() * conv.groups() == 1
                && pixels(conv) < FEW_PIXELS;
    }

    /**
     * Forward on one small image is ours first: oneDNN can divide it by OpenMP alone, whose threads sleep between two
     * convolutions. On two Zen 5 cores 1.2 to 1.5 times as fast at 4.7 MFLOP (ResNet-20's 3x3), where one thread does all of
     * oneDNN's, 1.9 to 2.7 times at 21 and 38 MFLOP; at 2.4 MFLOP 0.8, at 231 0.9 to 1.05. On one core 0.88 to 1.5.
     */
    private static boolean alone(ConvSpec conv) {
        return conv.direction() == ConvSpec.Direction.FORWARD
                && conv.n() == 1
                && conv.groups() == 1
                && conv.ic() % 16 + conv.oc() % 16 == 0
                && conv.flops() >= LEAST_ALONE
                && conv.flops() <= MOST_ALONE;
    }

    private static long pixels(ConvSpec conv) {
        return (long) conv.n() * conv.oh() * conv.ow();
    }

    /**
     * Backward data of strides is ours first, 1.0 to 1.7 times as fast as oneDNN's (median 1.1), and so are the weight
     * gradients of 1x1 convolutions that have few channels on one side, 0.98 to 1.4 times, and of 3x3 with a stride and 128
     * to 256 channels, 1.1 to 1.4 times.
     */
    private static boolean backward(ConvSpec conv) {
        int taps = conv.kh() * conv.kw();
        int stride = conv.sh() * conv.sw();
        return switch (conv.direction()) {
            case FORWARD -> false;
            case BACKWARD_DATA -> stride > 1 && conv.groups() == 1 && conv.ic() >= (taps == 1 ? 32 : 16);
            case BACKWARD_WEIGHTS ->
                conv.groups() == 1
                        && conv.ic() % 16 + conv.oc() % 16 == 0
                        && (taps * stride == 1 && Math.min(conv.ic(), conv.oc()) == 64
                                || taps == 9
                                        && stride == 4
                                        && Math.min(conv.ic(), conv.oc()) >= 128
                                        && Math.max(conv.ic(), conv.oc()) <= 256);
        };
    }

    private static boolean narrowDepthwise(ConvSpec conv) {
        return conv.groups() == conv.ic() && conv.ic() == conv.oc() && conv.ic() >= 16 && conv.ic() < NARROW_DEPTHWISE;
    }
}
