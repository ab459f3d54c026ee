package io.gatun.reference;

import io.gatun.spec.LossSpec;

/**
 * The losses of one element and their derivatives, as the vector kernels compute them to the bit. Written so that nothing
 * large cancels: σ(x) and σ(-x) both come from e^-|x|, and ln(1 + e^x) from its logarithm.
 */
final class ScalarLoss {
    private ScalarLoss() {}

    /** l(x, t) with the weight w of a positive target. */
    static float term(LossSpec spec, float x, float t, float w) {
        float e = x - t;
        float a = spec.parameter();
        return switch (spec.kind()) {
            case MSE -> e * e;
            case L1 -> Math.abs(e);
            case SMOOTH_L1 -> Math.abs(e) < a ? 0.5f * e * (e / a) : Math.abs(e) - 0.5f * a;
            case HUBER -> Math.abs(e) <= a ? 0.5f * e * e : a * (Math.abs(e) - 0.5f * a);
            case QUANTILE -> e < 0 ? -a * e : (1 - a) * e;
            case MSLE -> {
                float d = ScalarMath.log1p(x) - ScalarMath.log1p(t);
                yield d * d;
            }
            case BCE -> (t - 1) * bounded(ScalarMath.log1p(-x)) - t * bounded(ScalarMath.log(x));
            case BCE_WITH_LOGITS -> times(w * t, below(x)) + times(1 - t, above(x));
            case FOCAL -> share(spec, t) * power(spec, x, t) * (times(t, below(x)) + times(1 - t, above(x)));
            case SOFT_MARGIN -> below(t * x);
            case HINGE -> Math.max(a - t * x, 0);
            case POISSON_NLL -> ScalarMath.exp(x) - times(t, x);
            case POISSON_NLL_RATE -> x - times(t, ScalarMath.log(x + a));
            case KL_DIV -> t == 0 && x == x ? 0 : t * (ScalarMath.log(t) - x);
            case KL_DIV_LOG -> t == Float.NEGATIVE_INFINITY && x == x ? 0 : ScalarMath.exp(t) * (t - x);
        };
    }

    /** The derivative of {@link #term} by x, times {@code scale}, which comes before what may overflow without it. */
    static float slope(LossSpec spec, float x, float t, float w, float scale) {
        float e = x - t;
        float a = spec.parameter();
        return switch (spec.kind()) {
            case MSE -> e * (2 * scale);
            case L1 -> sign(e) * scale;
            case SMOOTH_L1 -> (Math.abs(e) < a ? e / a : sign(e)) * scale;
            case HUBER -> (e > a ? a : e < -a ? -a : e) * scale;
            case QUANTILE -> (e < 0 ? -a : e > 0 ? 1 - a : e + (0.5f - a)) * scale;
            case MSLE -> 2 * (ScalarMath.log1p(x) - ScalarMath.log1p(t)) / (1 + x) * scale;
            case BCE -> e / (Math.max(x * (1 - x), 1e-12f) / scale);
            case BCE_WITH_LOGITS -> (1 - t) * scale * ScalarMath.sigmoid(x) - w * (t * scale) * ScalarMath.sigmoid(-x);
            case FOCAL -> focalSlope(spec, x, t) * scale;
            case SOFT_MARGIN -> -t * ScalarMath.sigmoid(-(t * x)) * scale;
            case HINGE -> {
                float m = a - t * x;
                yield (m > 0 ? -t : m == m ? 0 : m) * scale;
            }
            case POISSON_NLL -> ScalarMath.exp(x) * scale - t * scale;
            case POISSON_NLL_RATE -> scale - t * scale / (x + a);
            case KL_DIV -> -t * scale;
            case KL_DIV_LOG -> -ScalarMath.exp(t) * scale;
        };
    }

    /** a b, and 0 where a is 0 and b infinite: a logit of -Inf has no loss for a target that it fits. */
    private static float times(float a, float b) {
        return a == 0 && b == b ? 0 : a * b;
    }

    private static float bounded(float log) {
        return Math.max(log, -100f);
    }

    private static float sign(float e) {
        return e > 0 ? 1 : e < 0 ? -1 : e;
    }

    /** ln(1 + e^x). */
    private static float above(float x) {
        return SmoothUnits.softplus(x);
    }

    /** ln(1 + e^-x). */
    private static float below(float x) {
        return SmoothUnits.softplus(-x);
    }

    private static float share(LossSpec spec, float t) {
        float alpha = spec.second();
        return alpha == -1 ? 1 : alpha * t + (1 - alpha) * (1 - t);
    }

    /** The probability of being wrong, no denormal. */
    private static float miss(float x, float t) {
        return Math.max(ScalarMath.sigmoid(x) * (1 - t) + ScalarMath.sigmoid(-x) * t, Float.MIN_NORMAL);
    }

    private static float power(LossSpec spec, float x, float t) {
        return ScalarMath.exp(spec.parameter() * ScalarMath.log(miss(x, t)));
    }

    /** l = a m^γ c: l' = a m^γ (γ m'/m c + c'). */
    private static float focalSlope(LossSpec spec, float x, float t) {
        float p = ScalarMath.sigmoid(x);
        float q = ScalarMath.sigmoid(-x);
        float c = times(t, below(x)) + times(1 - t, above(x));
        float relative = p * q * (1 - 2 * t) / miss(x, t);
        float inner = times(spec.parameter() * relative, c) + ((1 - t) * p - t * q);
        return share(spec, t) * power(spec, x, t) * inner;
    }
}
