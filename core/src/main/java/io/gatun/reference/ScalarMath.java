package io.gatun.reference;

import io.gatun.spec.Activation;
import io.gatun.spec.BinarySpec;

/**
 * The scalar float functions that every Java kernel agrees with to the bit: the vector kernels do the same operations in
 * the same order on lanes, and use these for their tails. Nothing here branches on a value where lanes would not; every
 * operation is an IEEE one (fma included), so interpreter, C1 and C2 give the same bits.
 *
 * <p>Within 4 ulp of the exact value over all floats, denormal results included ({@link #tanh} 2); NaN gives NaN. The
 * polynomials are our own minimax fits (Lawson's iteration in double, coefficients rounded once).
 */
public final class ScalarMath {
    /** Adding it rounds a float below 2^22 to an integer, which then stands in the low bits. */
    public static final float ROUND = 0x1.8p23f;

    public static final float LOG2_E = 0x1.715476p0f;
    /** ln 2 in two parts; the first has 15 bits, so that n times it is exact for every exponent n. */
    public static final float LN2_HIGH = 0x1.62e4p-1f;

    public static final float LN2_LOW = 0x1.7f7d1cp-20f;

    /** exp is 0 below and Inf above; between them 2^n is made of two factors that are normal numbers. */
    public static final float EXP_MIN = -104f;

    public static final float EXP_MAX = 89f;

    /** (exp(r) - 1 - r) / r^2 on |r| &lt;= ln(2) / 2, relative error 3.6e-9 of exp. */
    public static final float E0 = 0x1.fffffep-2f;

    public static final float E1 = 0x1.55548ap-3f;
    public static final float E2 = 0x1.5556b6p-5f;
    public static final float E3 = 0x1.123e90p-7f;
    public static final float E4 = 0x1.6be846p-10f;

    /** expm1 is -1 to float precision below. */
    public static final float EXPM1_MIN = -20f;

    /** The same polynomial fitted to the relative error of expm1, 1.3e-8. */
    public static final float M0 = 0x1.fffffep-2f;

    public static final float M1 = 0x1.5554aep-3f;
    public static final float M2 = 0x1.555676p-5f;
    public static final float M3 = 0x1.1228e6p-7f;
    public static final float M4 = 0x1.6bebcep-10f;

    /** Q(|x|) exp(x^2 / 2) (1 + |x| / 2) in powers of 1 / (1 + |x| / 2) - 5/8, Q the normal tail; relative error 3e-9. */
    public static final float TAIL_CENTRE = 0.625f;

    public static final float T0 = 0x1.835296p-2f;

    public static final float T1 = 0x1.5b24eap-2f;
    public static final float T2 = 0x1.0732f8p-8f;
    public static final float T3 = -0x1.13bf48p-3f;
    public static final float T4 = 0x1.80f8d8p-5f;
    public static final float T5 = 0x1.b8ebcep-5f;
    public static final float T6 = -0x1.1fb0aap-4f;
    public static final float T7 = 0x1.73657cp-6f;
    public static final float T8 = 0x1.299d82p-5f;
    public static final float T9 = -0x1.267c5ep-4f;
    public static final float T10 = 0x1.17e420p-6f;
    public static final float T11 = 0x1.17a12cp-4f;

    /** Q(15) is below the smallest float. */
    public static final float TAIL_MAX = 15f;

    public static final float INV_SQRT_2PI = 0x1.988454p-2f;

    public static final int SQRT_HALF_BITS = 0x3F3504F3;

    private ScalarMath() {}

    /** An unsigned byte: rounded, halves to even, and clamped to 0 and 255. NaN gives 0. */
    public static byte unsignedByte(float x) {
        return (byte) (int) Math.rint(Math.min(Math.max(x, 0), 255));
    }

    /** f(x). */
    public static float activate(Activation activation, float x) {
        return switch (activation.kind()) {
            case IDENTITY -> x;
            case RELU -> Math.max(x, 0);
            case LEAKY_RELU -> x > 0 ? x : activation.alpha() * x;
            case SIGMOID -> sigmoid(x);
            case TANH -> tanh(x);
            case GELU -> gelu(x);
            case ELU -> elu(x, activation.alpha());
            case SILU -> SmoothUnits.silu(x);
            case SOFTPLUS -> SmoothUnits.softplus(x);
            case EXP -> exp(x);
            case LOG -> log(x);
            case ABS -> Math.abs(x);
            case SQRT -> (float) Math.sqrt(x);
            case SQUARE -> x * x;
            case STEP -> Float.isNaN(x) ? x : x >= 0 ? 1 : 0;
            case CLAMP -> Math.min(Math.max(x, activation.alpha()), activation.beta());
        };
    }

    /** f'(x), given f(x) where {@link Activation.Kind#usesOutput}. */
    public static float derivative(Activation activation, float saved) {
        return switch (activation.kind()) {
            case IDENTITY -> 1;
            case RELU -> slope(saved, 0);
            case LEAKY_RELU -> slope(saved, activation.alpha());
            case SIGMOID -> saved * (1 - saved);
            case TANH -> Math.fma(-saved, saved, 1f);
            case GELU -> geluDerivative(saved);
            case ELU -> saved > 0 ? 1 : activation.alpha() * exp(Math.min(saved, 0));
            case SILU -> SmoothUnits.siluDerivative(saved);
            case SOFTPLUS -> SmoothUnits.softplusDerivative(saved);
            case EXP -> saved;
            case LOG -> 1 / saved;
            case ABS -> saved < 0 ? -1 : slope(saved, saved);
            case SQRT -> 0.5f / saved;
            case SQUARE -> saved + saved;
            case STEP -> Float.isNaN(saved) ? saved : 0;
            case CLAMP -> Float.isNaN(saved) ? saved : saved == activate(activation, saved) ? 1 : 0;
        };
    }

    /** a op b. */
    public static float binary(BinarySpec.Op op, float a, float b) {
        return switch (op) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case SHARE -> Float.isNaN(a) || Float.isNaN(b) ? Float.NaN : a > b ? 1 : a == b ? 0.5f : 0;
        };
    }

    /** x within ±bound, NaN for NaN. */
    public static float clip(float x, float bound) {
        return Math.max(Math.min(x, bound), -bound);
    }

    /** alpha x + beta y; with beta = 0, alpha x. */
    public static float axpby(float alpha, float x, float beta, float y) {
        return beta == 0 ? alpha * x : Math.fma(alpha, x, beta * y);
    }

    /** 1 above 0, {@code below} elsewhere, NaN for NaN. */
    public static float slope(float x, float below) {
        float slope = x > 0 ? 1 : below;
        return Float.isNaN(x) ? x : slope;
    }

    /** e^x. */
    public static float exp(float x) {
        float bounded = Math.max(Math.min(x, EXP_MAX), EXP_MIN);
        float shifted = shifted(bounded);
        return scale(expRest(bounded, shifted), exponent(shifted));
    }

    /** x / ln 2 rounded to a whole number n, in the low bits. */
    static float shifted(float x) {
        return Math.fma(x, LOG2_E, ROUND);
    }

    /** e^x / 2^n. */
    static float expRest(float x, float shifted) {
        float n = shifted - ROUND;
        return expPolynomial(Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x)));
    }

    /** e^r for |r| &lt;= ln(2) / 2. */
    private static float expPolynomial(float r) {
        float q = Math.fma(Math.fma(Math.fma(Math.fma(E4, r, E3), r, E2), r, E1), r, E0);
        return Math.fma(Math.fma(q, r, 1f), r, 1f);
    }

    /**
     * e^(x - max) for x &lt;= max, with the rounding error of the difference put back (Knuth's two-sum): at a distance of 80
     * it alone would be 60 ulp.
     */
    public static float expDifference(float x, float max) {
        float d = x - max;
        float back = d - x;
        float rest = (x - (d - back)) - (max + back);
        float low = d < EXP_MIN ? 0f : rest;
        float bounded = Math.max(Math.min(d, EXP_MAX), EXP_MIN);
        float shifted = Math.fma(bounded, LOG2_E, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, bounded));
        return scale(expPolynomial(r + low), exponent(shifted));
    }

    /** v 2^n by two factors, so that a denormal result is rounded once. */
    static float scale(float v, int n) {
        int half = n >> 1;
        return v * power(half) * power(n - half);
    }

    private static float power(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }

    /** e^x - 1 for x &lt;= 0; above 0 only e^0 - 1. */
    public static float expm1(float x) {
        float bounded = Math.max(Math.min(x, 0f), EXPM1_MIN);
        float shifted = Math.fma(bounded, LOG2_E, ROUND);
        float m = expm1Polynomial(bounded, shifted);
        float s = power(exponent(shifted));
        return Math.fma(m, s, s - 1f);
    }

    /** e^r - 1 for the rest r of x behind the multiple of ln 2 that {@code shifted} holds. */
    private static float expm1Polynomial(float x, float shifted) {
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float q = Math.fma(Math.fma(Math.fma(Math.fma(M4, r, M3), r, M2), r, M1), r, M0);
        return Math.fma(r * r, q, r);
    }

    /** x if x &gt; 0, else alpha (e^x - 1). */
    public static float elu(float x, float alpha) {
        return x > 0 ? x : alpha * expm1(x);
    }

    /** 1 / (1 + e^-x), from e^-|x| so that the small side keeps its digits down to denormals. */
    public static float sigmoid(float x) {
        float z = exp(-Math.abs(x));
        return (x < 0 ? z : 1f) / (1f + z);
    }

    /**
     * tanh |x| = -E / (E + 2) with E = e^(-2|x|) - 1: no cancellation anywhere. What E and E + 2 lose to rounding is kept
     * and put back, for the two together would be 3 ulp.
     */
    public static float tanh(float x) {
        float bounded = Math.max(-2f * Math.abs(x), EXPM1_MIN);
        float shifted = Math.fma(bounded, LOG2_E, ROUND);
        float m = expm1Polynomial(bounded, shifted);
        float s = power(exponent(shifted));
        float base = s - 1f;
        float e = Math.fma(m, s, base);
        float lost = Math.fma(m, s, base - e);
        float d = e + 2f;
        float rest = (e - (d - 2f)) + lost;
        float inverse = 1f / d;
        float t = -e * inverse;
        float error = Math.fma(-t, rest, Math.fma(-t, d, -e) - lost);
        return Math.copySign(Math.fma(error, inverse, t), x);
    }

    /**
     * x P(X &lt;= x), X standard normal: with w = x Q(|x|), it is w below 0 and x - w above. x^2 is kept in two parts, for
     * an error of one ulp in it would be a hundred in the tail.
     */
    public static float gelu(float x) {
        float bounded = Math.max(Math.min(x, TAIL_MAX), -TAIL_MAX);
        float shifted = Math.fma(bounded * bounded, -0.5f * LOG2_E, ROUND);
        float w = scale(tail(bounded) * bounded * gauss(bounded, shifted), exponent(shifted));
        return x < 0 ? w : x - w;
    }

    /** P(X &lt;= x) + x p(x). */
    public static float geluDerivative(float x) {
        float bounded = Math.max(Math.min(x, TAIL_MAX), -TAIL_MAX);
        float shifted = Math.fma(bounded * bounded, -0.5f * LOG2_E, ROUND);
        float density = scale(gauss(bounded, shifted), exponent(shifted));
        float below = tail(bounded) * density;
        return Math.fma(bounded * density, INV_SQRT_2PI, x < 0 ? below : 1f - below);
    }

    static int exponent(float shifted) {
        return Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUND);
    }

    /** exp(-x^2 / 2) without its factor 2^n. */
    private static float gauss(float x, float shifted) {
        float square = x * x;
        float rest = Math.fma(x, x, -square);
        float n = shifted - ROUND;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, -0.5f * square));
        return expPolynomial(Math.fma(-0.5f, rest, r));
    }

    /** Q(|x|) exp(x^2 / 2), corrected for the rounding of t. */
    private static float tail(float x) {
        float half = 0.5f * Math.abs(x);
        float t = 1f / (1f + half);
        float rest = Math.fma(-t, half, 1f - t);
        float s = t - TAIL_CENTRE;
        float high = Math.fma(Math.fma(Math.fma(Math.fma(Math.fma(T11, s, T10), s, T9), s, T8), s, T7), s, T6);
        float low = Math.fma(Math.fma(Math.fma(Math.fma(high, s, T5), s, T4), s, T3), s, T2);
        float value = t * Math.fma(Math.fma(low, s, T1), s, T0);
        return Math.fma(value, rest, value);
    }

    /** ln(1 + y), from the logarithm of the rounded sum and what the rounding lost. */
    public static float log1p(float y) {
        float u = 1f + y;
        float lost = u == Float.POSITIVE_INFINITY ? 0f : y - (u - 1f);
        return log(u) + lost / Math.max(u, Float.MIN_NORMAL);
    }

    /** ln x; -Inf at 0 and NaN below. */
    public static float log(float x) {
        if (!(x > 0) || x == Float.POSITIVE_INFINITY) {
            return x == 0 ? Float.NEGATIVE_INFINITY : x < 0 ? Float.NaN : x;
        }
        boolean denormal = x < Float.MIN_NORMAL;
        int bits = Float.floatToRawIntBits(denormal ? x * 0x1p23f : x);
        int n = (bits - SQRT_HALF_BITS) >> 23;
        float f = Float.intBitsToFloat(bits - (n << 23)) - 1f;
        float e = denormal ? n - 23 : n;
        float high = Math.fma(Math.fma(Math.fma(Math.fma(L8, f, L7), f, L6), f, L5), f, L4);
        float p = Math.fma(Math.fma(Math.fma(Math.fma(high, f, L3), f, L2), f, L1), f, L0);
        float square = f * f;
        float y = Math.fma(-0.5f, square, Math.fma(e, LN2_LOW, square * f * p));
        return Math.fma(e, LN2_HIGH, f + y);
    }

    /** (ln(1 + f) - f + f^2 / 2) / f^3 on sqrt(1/2) &lt;= 1 + f &lt;= sqrt(2), relative error 8e-10 of ln. */
    public static final float L0 = 0x1.555548p-2f;

    public static final float L1 = -0x1.000006p-2f;
    public static final float L2 = 0x1.99a4ccp-3f;
    public static final float L3 = -0x1.555c7ap-3f;
    public static final float L4 = 0x1.233590p-3f;
    public static final float L5 = -0x1.fc18c6p-4f;
    public static final float L6 = 0x1.e70444p-4f;
    public static final float L7 = -0x1.de8158p-4f;
    public static final float L8 = 0x1.14802cp-4f;
}
