package io.gatun.reference;

import static io.gatun.reference.ScalarMath.exp;
import static io.gatun.reference.ScalarMath.sigmoid;

/** SiLU and softplus in float operations of a fixed order, as {@link ScalarMath}; within 4 ulp, NaN gives NaN. */
public final class SmoothUnits {
    /** x e^x is below the smallest float. */
    public static final float SILU_MIN = -112f;

    /** (atanh(s) / s - 1) / s^2 in powers of s^2 on 0 to 1/3, relative error 5.4e-9 of ln(1 + z). */
    public static final float A0 = 0x1.555502p-2f;

    public static final float A1 = 0x1.99d208p-3f;
    public static final float A2 = 0x1.1ebd0cp-3f;
    public static final float A3 = 0x1.1ed7c4p-3f;

    private SmoothUnits() {}

    /**
     * x / (1 + e^-x), by z = e^-|x| = m 2^n: x / (1 + z) above 0; below it x m / (1 + z) first and then times 2^n, for z
     * alone would be a denormal number of few digits where x z is not.
     */
    public static float silu(float x) {
        float bounded = Math.max(-Math.abs(x), SILU_MIN);
        float shifted = ScalarMath.shifted(bounded);
        int n = ScalarMath.exponent(shifted);
        float m = ScalarMath.expRest(bounded, shifted);
        float z = ScalarMath.scale(m, n);
        float q = (x < 0 ? bounded * m : x) / (1f + z);
        return x < 0 ? ScalarMath.scale(q, n) : q;
    }

    /** s (1 + x (1 - s)) with s = 1 / (1 + e^-x), by the same m and n. */
    public static float siluDerivative(float x) {
        float bounded = Math.max(-Math.abs(x), SILU_MIN);
        float shifted = ScalarMath.shifted(bounded);
        int n = ScalarMath.exponent(shifted);
        float m = ScalarMath.expRest(bounded, shifted);
        float z = ScalarMath.scale(m, n);
        float inverse = 1f / (1f + z);
        float other = x < 0 ? inverse : z * inverse;
        float c = Math.fma(x < 0 ? bounded : -bounded, other, 1f);
        float d = (x < 0 ? m * inverse : inverse) * c;
        return x < 0 ? ScalarMath.scale(d, n) : d;
    }

    /** ln(1 + e^x) = max(x, 0) + ln(1 + z) with z = e^-|x|. */
    public static float softplus(float x) {
        return Math.max(x, 0f) + logOfOneAnd(exp(-Math.abs(x)));
    }

    /** ln(1 + z) = 2 atanh(z / (2 + z)) for z within 0 and 1: no cancellation. */
    public static float logOfOneAnd(float z) {
        float s = z / (z + 2f);
        float w = s * s;
        float p = Math.fma(Math.fma(Math.fma(A3, w, A2), w, A1), w, A0);
        float t = s + s;
        return Math.fma(t * w, p, t);
    }

    /** The sigmoid. */
    public static float softplusDerivative(float x) {
        return sigmoid(x);
    }
}
