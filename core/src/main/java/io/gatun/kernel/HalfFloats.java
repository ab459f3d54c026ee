package io.gatun.kernel;

/** Floats in 16 bits: bfloat16, a float's upper half, and IEEE's binary16. Rounds to nearest, ties to even. */
public final class HalfFloats {
    private HalfFloats() {}

    /** The bits of the nearest bfloat16; a NaN stays a (quiet) NaN. */
    public static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The bits of this value in a type of 16 bits. */
    public static short narrow(DType type, float value) {
        return type == DType.BF16 ? bfloat16(value) : Float.floatToFloat16(value);
    }

    /** The value of these bits. */
    public static float widen(DType type, short bits) {
        return type == DType.BF16 ? fromBfloat16(bits) : Float.float16ToFloat(bits);
    }
}
