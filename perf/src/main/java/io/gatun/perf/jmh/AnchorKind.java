package io.gatun.perf.jmh;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.spec.Spec;

/**
 * What a benchmark is measured against: what limits it decides. Multiply-adds, the caches and the memory of a shared
 * machine get slower and faster each on its own: the large copy was seen to take 2.06 ms, then 1.13 for two seconds, while
 * a softmax in the third-level cache and the product took what they always take.
 */
public enum AnchorKind {
    /** oneDNN's product of 256: 0.12 ms of multiply-adds in the second-level cache. */
    GEMM("oneDNN gemm 256, one a thread", 256, 2.0 * 256 * 256 * 256),

    /** Two threads go over 8 MiB: more than two second-level caches of 1 MiB, less than the third level. */
    CACHE("copy of 2 MiB, one a thread", 2L << 20, 2.0 * (2L << 20)),

    /** Two threads go over 128 MiB: four times a third-level cache of 32 MiB. */
    MEMORY("copy of 32 MiB, one a thread", 32L << 20, 2.0 * (32L << 20));

    /** Below this many FLOP a byte, bytes are the limit: 270 GFLOP/s and 65 GB/s meet at 4 on the machine at hand. */
    private static final double INTENSITY = 4;

    /** Products that fit into the second-level cache are limited by the core, whatever their intensity. */
    private static final double NEAR = 1 << 20;

    /** Problems that move more than this are measured against memory: their operands do not stay in the cache. */
    private static final double CACHED = 32 << 20;

    private final String text;
    private final long size;
    private final double work;

    AnchorKind(String text, long size, double work) {
        this.text = text;
        this.size = size;
        this.work = work;
    }

    /** Its name in saved results: two with different names cannot be compared. */
    public String text() {
        return text;
    }

    /** FLOP of a product, bytes read and written of a copy, for one thread. */
    public double work() {
        return work;
    }

    /** Extent of a product, bytes of a copy. */
    long size() {
        return size;
    }

    /** The product where multiply-adds are the limit and oneDNN is here, else a copy. */
    public static AnchorKind of(Spec spec) {
        AnchorKind copy = spec.bytes() > CACHED ? MEMORY : CACHE;
        boolean computes = spec.flops() > INTENSITY * spec.bytes() || spec.flops() > 0 && spec.bytes() < NEAR;
        return computes ? product(copy) : copy;
    }

    /** Of a training step, in which convolutions and products take most of the time. */
    public static AnchorKind ofStep() {
        return product(MEMORY);
    }

    private static AnchorKind product(AnchorKind otherwise) {
        try (Kernels _ = Kernels.open("onednn", 1)) {
            return GEMM;
        } catch (NativeUnavailableException e) {
            return otherwise;
        }
    }
}
