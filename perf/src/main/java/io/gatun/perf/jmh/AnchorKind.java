package io.gatun.perf.jmh;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;

/** What a benchmark is measured against: what limits it decides. */
public enum AnchorKind {
    /** oneDNN's product of 256: 0.26 ms of multiply-adds in the second-level cache, 75 of them in a measurement. */
    GEMM("oneDNN gemm 256, one a thread", 2.0 * 256 * 256 * 256),

    /** Two threads move 128 MiB in a round, four times the third-level cache of the machine this was made on. */
    COPY("copy of 32 MiB, one a thread", 2.0 * (32 << 20));

    static final int GEMM_SIZE = 256;
    static final long COPY_BYTES = 32 << 20;

    private final String text;
    private final double work;

    AnchorKind(String text, double work) {
        this.text = text;
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

    /** The product where multiply-adds are the limit and oneDNN is here, else the copy. */
    public static AnchorKind of(boolean computes) {
        if (!computes) {
            return COPY;
        }
        try (Kernels _ = Kernels.open("onednn", 1)) {
            return GEMM;
        } catch (NativeUnavailableException e) {
            return COPY;
        }
    }
}
