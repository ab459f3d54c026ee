package io.gatun.kernel;

import java.util.Locale;

/** Element types that cross a kernel boundary. */
public enum DType {
    F32(4),
    /** bfloat16: a float's sign, exponent and upper 7 bits. */
    BF16(2),
    /** IEEE binary16. */
    F16(2),
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

    /** Whether its numbers are floating-point. */
    public boolean floating() {
        return this == F32 || this == BF16 || this == F16;
    }

    /**
     * The type that a spec line calls so.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static DType of(String word) {
        for (DType type : values()) {
            if (type.word().equals(word)) {
                return type;
            }
        }
        throw new IllegalArgumentException(
                "unknown data type '" + word + "'; known are f32, bf16, f16, i32, i64, u8, s8");
    }

    /** The word used in a spec line: {@code f32}, {@code i32}, … */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
