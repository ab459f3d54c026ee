package io.gatun.perf.step;

import io.gatun.kernel.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** In which numbers a step's products and convolutions are computed. */
public enum Precision {
    /** Floats. */
    F32(DType.F32),

    /** Floats whose factors may be rounded to TF32; the CUDA backend alone does so. */
    TF32(DType.F32),

    /** Mixed precision in bfloat16. */
    BF16(DType.BF16),

    /** Mixed precision in binary16; training wants its losses scaled. */
    F16(DType.F16);

    private static final List<String> MIXED = List.of("cuda", "reference");

    private final DType storage;

    Precision(DType storage) {
        this.storage = storage;
    }

    /**
     * The precision of that name.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static Precision of(String name) {
        for (Precision precision : values()) {
            if (precision.word().equals(name)) {
                return precision;
            }
        }
        throw new IllegalArgumentException("unknown precision '" + name + "'; known are "
                + Arrays.stream(values()).map(Precision::word).collect(Collectors.joining(", ")));
    }

    /** Its name on the command line. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The {@link #word}. */
    @Override
    public String toString() {
        return word();
    }

    /** What {@code Tape.autocast} takes. */
    public DType storage() {
        return storage;
    }

    /**
     * Refuses a backend without kernels for it; the reference has some, for checking.
     *
     * @throws IllegalArgumentException naming both
     */
    public void requireBackend(String backend) {
        boolean there = this == TF32 ? backend.equals("cuda") : MIXED.contains(backend);
        if (this != F32 && !there) {
            throw new IllegalArgumentException("--precision " + word() + " is for --backend cuda, not for " + backend
                    + ", which has no kernels for it");
        }
    }

    /** To be called before kernels are planned, which read the choice where a Java program would make it. */
    public void choose() {
        if (this == TF32) {
            System.setProperty("gatun.cuda.tf32", "true");
        }
    }
}
