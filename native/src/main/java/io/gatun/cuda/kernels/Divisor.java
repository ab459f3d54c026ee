package io.gatun.cuda.kernels;

/**
 * Division of indices by a number known here, as gatun.h's {@code gatun_divisor} does it: by a multiplication, for indices
 * below 2^31 (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994).
 *
 * @param factor 2^32 (2^shift - divisor) / divisor + 1
 * @param shift the logarithm of the divisor, rounded up, or {@link #WIDE}
 */
record Divisor(long divisor, int factor, int shift) {
    /** There are more indices: a kernel then divides in 64 bits. */
    static final int WIDE = 32;

    /**
     * For indices below {@code indices}.
     *
     * @param divisor at least 1
     */
    static Divisor of(long divisor, long indices) {
        if (indices > 1L << 31 || divisor > 1L << 31) {
            return new Divisor(divisor, 0, WIDE);
        }
        int shift = 64 - Long.numberOfLeadingZeros(divisor - 1);
        return new Divisor(divisor, (int) (((1L << shift) - divisor << 32) / divisor + 1), shift);
    }

    /** Its three arguments. */
    Arg[] arguments() {
        return new Arg[] {Arg.i64(divisor), Arg.i32(factor), Arg.i32(shift)};
    }
}
