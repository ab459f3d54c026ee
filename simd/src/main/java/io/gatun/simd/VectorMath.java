package io.gatun.simd;

import static io.gatun.reference.ScalarMath.*;
import static io.gatun.simd.Lanes.splat;

import io.gatun.spec.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link io.gatun.reference.ScalarMath} on lanes: the same operations in the same order, so every lane equals the scalar
 * to the bit at every width, interpreted or compiled ({@code lanewise(EXP)} is not and does not). An exp is 19
 * instructions, about 10 cycles a vector on two FMA ports.
 */
final class VectorMath {
    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);

    private VectorMath() {}

    /** f(x); for the end of a kernel whose activation is fixed, where the switch is a predicted branch. */
    static FloatVector activate(Activation activation, FloatVector x) {
        return switch (activation.kind()) {
            case IDENTITY -> x;
            case RELU -> relu(x);
            case LEAKY_RELU -> leakyRelu(x, activation.alpha());
            case SIGMOID -> sigmoid(x);
            case TANH -> tanh(x);
            case GELU -> gelu(x);
            case ELU -> elu(x, activation.alpha());
        };
    }

    static FloatVector relu(FloatVector x) {
        return x.max(0f);
    }

    static FloatVector leakyRelu(FloatVector x, float alpha) {
        return x.mul(alpha).blend(x, x.compare(VectorOperators.GT, 0f));
    }

    /** 1 above 0, {@code below} elsewhere, NaN for NaN: the derivative of (leaky) ReLU. */
    static FloatVector slope(FloatVector x, float below) {
        FloatVector slope = splat(below).blend(1f, x.compare(VectorOperators.GT, 0f));
        return slope.blend(x, x.test(VectorOperators.IS_NAN));
    }

    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.min(EXP_MAX).max(EXP_MIN);
        FloatVector shifted = bounded.fma(splat(LOG2_E), splat(ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), bounded));
        return scale(expPolynomial(r), exponent(shifted));
    }

    private static FloatVector expPolynomial(FloatVector r) {
        FloatVector one = splat(1f);
        FloatVector q =
                splat(E4).fma(r, splat(E3)).fma(r, splat(E2)).fma(r, splat(E1)).fma(r, splat(E0));
        return q.fma(r, one).fma(r, one);
    }

    /** {@link io.gatun.reference.ScalarMath#expDifference}: e^(x - max) with the rounding of the difference put back. */
    static FloatVector expDifference(FloatVector x, FloatVector max) {
        FloatVector d = x.sub(max);
        FloatVector back = d.sub(x);
        FloatVector rest = x.sub(d.sub(back)).sub(max.add(back));
        FloatVector low = rest.blend(0f, d.compare(VectorOperators.LT, EXP_MIN));
        FloatVector bounded = d.min(EXP_MAX).max(EXP_MIN);
        FloatVector shifted = bounded.fma(splat(LOG2_E), splat(ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), bounded));
        return scale(expPolynomial(r.add(low)), exponent(shifted));
    }

    private static FloatVector scale(FloatVector v, IntVector n) {
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        return v.mul(power(half)).mul(power(n.sub(half)));
    }

    private static FloatVector power(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    private static IntVector exponent(FloatVector shifted) {
        return shifted.reinterpretAsInts().sub(ROUND_BITS);
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector bounded = x.min(0f).max(EXPM1_MIN);
        FloatVector shifted = bounded.fma(splat(LOG2_E), splat(ROUND));
        FloatVector m = expm1Polynomial(bounded, shifted);
        FloatVector s = power(exponent(shifted));
        return m.fma(s, s.sub(1f));
    }

    private static FloatVector expm1Polynomial(FloatVector x, FloatVector shifted) {
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), x));
        FloatVector q =
                splat(M4).fma(r, splat(M3)).fma(r, splat(M2)).fma(r, splat(M1)).fma(r, splat(M0));
        return r.mul(r).fma(q, r);
    }

    static FloatVector elu(FloatVector x, float alpha) {
        return expm1(x).mul(alpha).blend(x, x.compare(VectorOperators.GT, 0f));
    }

    static FloatVector eluDerivative(FloatVector x, float alpha) {
        return exp(x.min(0f)).mul(alpha).blend(1f, x.compare(VectorOperators.GT, 0f));
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        return splat(1f).blend(z, x.compare(VectorOperators.LT, 0f)).div(z.add(1f));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector bounded = x.abs().mul(-2f).max(EXPM1_MIN);
        FloatVector shifted = bounded.fma(splat(LOG2_E), splat(ROUND));
        FloatVector m = expm1Polynomial(bounded, shifted);
        FloatVector s = power(exponent(shifted));
        FloatVector base = s.sub(1f);
        FloatVector e = m.fma(s, base);
        FloatVector lost = m.fma(s, base.sub(e));
        FloatVector d = e.add(2f);
        FloatVector rest = e.sub(d.sub(2f)).add(lost);
        FloatVector inverse = splat(1f).div(d);
        FloatVector minus = e.mul(inverse);
        FloatVector error = minus.fma(rest, minus.fma(d, e.neg()).sub(lost));
        IntVector size = error.fma(inverse, minus.neg()).reinterpretAsInts().and(0x7FFF_FFFF);
        return size.or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
    }

    static FloatVector gelu(FloatVector x) {
        FloatVector bounded = x.min(TAIL_MAX).max(-TAIL_MAX);
        FloatVector shifted = bounded.mul(bounded).fma(splat(-0.5f * LOG2_E), splat(ROUND));
        FloatVector w = scale(tail(bounded).mul(bounded).mul(gauss(bounded, shifted)), exponent(shifted));
        return x.sub(w).blend(w, x.compare(VectorOperators.LT, 0f));
    }

    static FloatVector geluDerivative(FloatVector x) {
        FloatVector bounded = x.min(TAIL_MAX).max(-TAIL_MAX);
        FloatVector shifted = bounded.mul(bounded).fma(splat(-0.5f * LOG2_E), splat(ROUND));
        FloatVector density = scale(gauss(bounded, shifted), exponent(shifted));
        FloatVector below = tail(bounded).mul(density);
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector cumulative = splat(1f).sub(below).blend(below, negative);
        return bounded.mul(density).fma(splat(INV_SQRT_2PI), cumulative);
    }

    private static FloatVector gauss(FloatVector x, FloatVector shifted) {
        FloatVector square = x.mul(x);
        FloatVector rest = x.fma(x, square.neg());
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), square.mul(-0.5f)));
        return expPolynomial(rest.fma(splat(-0.5f), r));
    }

    private static FloatVector tail(FloatVector x) {
        FloatVector half = x.abs().mul(0.5f);
        FloatVector one = splat(1f);
        FloatVector t = one.div(half.add(1f));
        FloatVector rest = t.neg().fma(half, one.sub(t));
        FloatVector s = t.sub(TAIL_CENTRE);
        FloatVector high = splat(T11)
                .fma(s, splat(T10))
                .fma(s, splat(T9))
                .fma(s, splat(T8))
                .fma(s, splat(T7));
        FloatVector middle =
                high.fma(s, splat(T6)).fma(s, splat(T5)).fma(s, splat(T4)).fma(s, splat(T3));
        FloatVector value = t.mul(middle.fma(s, splat(T2)).fma(s, splat(T1)).fma(s, splat(T0)));
        return value.fma(rest, value);
    }
}
