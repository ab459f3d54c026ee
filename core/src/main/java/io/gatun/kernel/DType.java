package io.gatun.kernel;

import java.util.Locale;

/** Element types that cross a kernel boundary. */
public enum DType {
    F32(4),
    I32(4),
    I64(8),
    U8(1),
    S8(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }

    /** The word used in a spec line: {@code f32}, {@code i32}, … */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
