package io.gatun.simd;

import static io.gatun.reference.ScalarMath.*;
import static io.gatun.simd.Lanes.splat;

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
    // Constants as vectors: a broadcast in the expression costs C2 as many nodes as an operation.
    private static final FloatVector HALF = splat(0.5f);
    private static final FloatVector MINUS_HALF = splat(-0.5f);
    private static final FloatVector MINUS_HALF_LOG2_E = splat(-0.5f * LOG2_E);
    private static final FloatVector MINUS_TWO = splat(-2f);
    private static final FloatVector ONE = splat(1f);
    private static final FloatVector TWO = splat(2f);
    private static final FloatVector V_E0 = splat(E0);
    private static final FloatVector V_E1 = splat(E1);
    private static final FloatVector V_E2 = splat(E2);
    private static final FloatVector V_E3 = splat(E3);
    private static final FloatVector V_E4 = splat(E4);
    private static final FloatVector V_EXPM1_MIN = splat(EXPM1_MIN);
    private static final FloatVector V_EXP_MAX = splat(EXP_MAX);
    private static final FloatVector V_EXP_MIN = splat(EXP_MIN);
    private static final FloatVector V_INV_SQRT_2PI = splat(INV_SQRT_2PI);
    private static final FloatVector V_LOG2_E = splat(LOG2_E);
    private static final FloatVector V_M0 = splat(M0);
    private static final FloatVector V_M1 = splat(M1);
    private static final FloatVector V_M2 = splat(M2);
    private static final FloatVector V_M3 = splat(M3);
    private static final FloatVector V_M4 = splat(M4);
    private static final FloatVector V_MINUS_LN2_HIGH = splat(-LN2_HIGH);
    private static final FloatVector V_MINUS_LN2_LOW = splat(-LN2_LOW);
    private static final FloatVector V_MINUS_TAIL_MAX = splat(-TAIL_MAX);
    private static final FloatVector V_NEAR_ROUND = splat(ROUND + 127 + SoftmaxRows.SCALE);
    private static final FloatVector V_ROUND = splat(ROUND);
    private static final FloatVector V_T0 = splat(T0);
    private static final FloatVector V_T1 = splat(T1);
    private static final FloatVector V_T10 = splat(T10);
    private static final FloatVector V_T11 = splat(T11);
    private static final FloatVector V_T2 = splat(T2);
    private static final FloatVector V_T3 = splat(T3);
    private static final FloatVector V_T4 = splat(T4);
    private static final FloatVector V_T5 = splat(T5);
    private static final FloatVector V_T6 = splat(T6);
    private static final FloatVector V_T7 = splat(T7);
    private static final FloatVector V_T8 = splat(T8);
    private static final FloatVector V_T9 = splat(T9);
    private static final FloatVector V_TAIL_CENTRE = splat(TAIL_CENTRE);
    private static final FloatVector V_TAIL_MAX = splat(TAIL_MAX);
    private static final FloatVector ZERO = splat(0f);
    private static final IntVector V_ROUND_BITS = IntVector.broadcast(Lanes.I, Float.floatToRawIntBits(ROUND));
    private static final IntVector V_NEAR_MIN = IntVector.broadcast(Lanes.I, Float.floatToRawIntBits(-113f));
    private static final IntVector BIAS = IntVector.broadcast(Lanes.I, 127);

    private VectorMath() {}

    static FloatVector relu(FloatVector x) {
        return atLeast(x, ZERO);
    }

    /** max(x, floor) with NaN kept, in two instructions: where the processor's own maximum drops NaN, C2's takes six. */
    static FloatVector atLeast(FloatVector x, FloatVector floor) {
        return x.blend(floor, x.compare(VectorOperators.LE, floor));
    }

    static FloatVector leakyRelu(FloatVector x, float alpha) {
        return x.mul(alpha).blend(x, x.compare(VectorOperators.GT, 0f));
    }

    /** 1 above 0, {@code below} elsewhere, NaN for NaN: the derivative of (leaky) ReLU. */
    static FloatVector slope(FloatVector x, float below) {
        FloatVector slope = splat(below).blend(1f, x.compare(VectorOperators.GT, 0f));
        return slope.blend(x, x.test(VectorOperators.IS_NAN));
    }

    /** 1 where a &gt; b, 1/2 where they are equal, 0 where a &lt; b, NaN where one is. */
    static FloatVector share(FloatVector a, FloatVector b) {
        FloatVector share =
                ZERO.blend(HALF, a.compare(VectorOperators.EQ, b)).blend(ONE, a.compare(VectorOperators.GT, b));
        return share.blend(Float.NaN, a.test(VectorOperators.IS_NAN).or(b.test(VectorOperators.IS_NAN)));
    }

    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.min(V_EXP_MAX).max(V_EXP_MIN);
        FloatVector shifted = shifted(bounded);
        return scale(expRest(bounded, shifted), exponent(shifted));
    }

    static FloatVector shifted(FloatVector x) {
        return x.fma(V_LOG2_E, V_ROUND);
    }

    static FloatVector expRest(FloatVector x, FloatVector shifted) {
        FloatVector n = shifted.sub(V_ROUND);
        return expPolynomial(n.fma(V_MINUS_LN2_LOW, n.fma(V_MINUS_LN2_HIGH, x)));
    }

    private static FloatVector expPolynomial(FloatVector r) {
        FloatVector q = V_E4.fma(r, V_E3).fma(r, V_E2).fma(r, V_E1).fma(r, V_E0);
        return q.fma(r, ONE).fma(r, ONE);
    }

    /**
     * e^y 2^(64 - k) for y at least {@code floor} and at most k ln 2 + 0.35; {@code round} is ROUND + 127 + 64 - k. NaN stays
     * NaN. 14 instructions; {@link SoftmaxRows} says what for. The polynomial is that of {@link #exp}, but by Estrin's
     * scheme, 16 cycles deep and not 24: the processor's schedulers hold six exponentials, not more.
     */
    static FloatVector expScaled(FloatVector y, FloatVector floor, FloatVector round) {
        return expScaledBounded(y.blend(floor, y.compare(VectorOperators.LT, floor)), round);
    }

    /**
     * e^y 2^{@link SoftmaxRows#SCALE} of the floats of which these are the bits, not above 2^6; below -113 as there. The
     * larger of two negative floats is the one of the smaller bits, and any other has smaller ones still, but a NaN with a
     * sign, which the caller has to find: an instruction of one cycle, where floats take two of five.
     */
    static FloatVector expNear(IntVector y) {
        return expScaledBounded(y.lanewise(VectorOperators.UMIN, V_NEAR_MIN).reinterpretAsFloats(), V_NEAR_ROUND);
    }

    private static FloatVector expScaledBounded(FloatVector bounded, FloatVector round) {
        // Broadcasts, where a constant vector would be read from the heap each time, across two cache lines: 7 cycles
        // for 5.
        FloatVector shifted = bounded.fma(splat(LOG2_E), round);
        FloatVector n = shifted.sub(round);
        FloatVector r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), bounded));
        FloatVector square = r.mul(r);
        FloatVector high = V_E4.fma(square, V_E3.fma(r, V_E2));
        FloatVector q = high.fma(square, V_E1.fma(r, V_E0));
        // The low bits of shifted are an exponent with its bias; the others are shifted out.
        FloatVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        return q.fma(square, r.add(splat(1f))).mul(power);
    }

    static FloatVector scale(FloatVector v, IntVector n) {
        IntVector half = n.lanewise(VectorOperators.ASHR, 1);
        return v.mul(power(half)).mul(power(n.sub(half)));
    }

    private static FloatVector power(IntVector n) {
        return n.add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    static IntVector exponent(FloatVector shifted) {
        return shifted.reinterpretAsInts().sub(V_ROUND_BITS);
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector bounded = x.min(ZERO).max(V_EXPM1_MIN);
        FloatVector shifted = bounded.fma(V_LOG2_E, V_ROUND);
        FloatVector m = expm1Polynomial(bounded, shifted);
        FloatVector s = power(exponent(shifted));
        return m.fma(s, s.sub(ONE));
    }

    private static FloatVector expm1Polynomial(FloatVector x, FloatVector shifted) {
        FloatVector n = shifted.sub(V_ROUND);
        FloatVector r = n.fma(V_MINUS_LN2_LOW, n.fma(V_MINUS_LN2_HIGH, x));
        FloatVector q = V_M4.fma(r, V_M3).fma(r, V_M2).fma(r, V_M1).fma(r, V_M0);
        return r.mul(r).fma(q, r);
    }

    static FloatVector elu(FloatVector x, float alpha) {
        return expm1(x).mul(alpha).blend(x, x.compare(VectorOperators.GT, 0f));
    }

    static FloatVector eluDerivative(FloatVector x, float alpha) {
        return exp(x.min(ZERO)).mul(alpha).blend(1f, x.compare(VectorOperators.GT, 0f));
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        return ONE.blend(z, x.compare(VectorOperators.LT, 0f)).div(z.add(ONE));
    }

    /** The derivative of the sigmoid from its value. */
    static FloatVector logisticSlope(FloatVector y) {
        return y.mul(ONE.sub(y));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector bounded = x.abs().mul(MINUS_TWO).max(V_EXPM1_MIN);
        FloatVector shifted = bounded.fma(V_LOG2_E, V_ROUND);
        FloatVector m = expm1Polynomial(bounded, shifted);
        FloatVector s = power(exponent(shifted));
        FloatVector base = s.sub(ONE);
        FloatVector e = m.fma(s, base);
        FloatVector lost = m.fma(s, base.sub(e));
        FloatVector d = e.add(TWO);
        FloatVector rest = e.sub(d.sub(TWO)).add(lost);
        FloatVector inverse = ONE.div(d);
        FloatVector minus = e.mul(inverse);
        FloatVector error = minus.fma(rest, minus.fma(d, e.neg()).sub(lost));
        IntVector size = error.fma(inverse, minus.neg()).reinterpretAsInts().and(0x7FFF_FFFF);
        return size.or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
    }

    static FloatVector gelu(FloatVector x) {
        return gelu(x, normalTail(x));
    }

    static FloatVector geluDerivative(FloatVector x) {
        return geluDerivative(x, normalTail(x));
    }

    /**
     * Q(|x|) exp(x^2 / 2), the first half of {@link #gelu}. Loops take the halves one after the other over a cached block:
     * C2 stops inlining at 18,000 nodes, about 45 vector operations, and a call it does not inline allocates its vectors.
     */
    static FloatVector normalTail(FloatVector x) {
        return tail(bounded(x));
    }

    /** As min and max, which are six instructions each to keep a NaN that stays here by itself. */
    private static FloatVector bounded(FloatVector x) {
        FloatVector below = x.blend(V_TAIL_MAX, x.compare(VectorOperators.GT, V_TAIL_MAX));
        return below.blend(V_MINUS_TAIL_MAX, x.compare(VectorOperators.LT, V_MINUS_TAIL_MAX));
    }

    /** The second half. */
    static FloatVector gelu(FloatVector x, FloatVector tail) {
        FloatVector bounded = bounded(x);
        FloatVector shifted = bounded.mul(bounded).fma(MINUS_HALF_LOG2_E, V_ROUND);
        FloatVector w = scale(tail.mul(bounded).mul(gauss(bounded, shifted)), exponent(shifted));
        return x.sub(w).blend(w, x.compare(VectorOperators.LT, 0f));
    }

    /** The second half. */
    static FloatVector geluDerivative(FloatVector x, FloatVector tail) {
        FloatVector bounded = bounded(x);
        FloatVector shifted = bounded.mul(bounded).fma(MINUS_HALF_LOG2_E, V_ROUND);
        FloatVector density = scale(gauss(bounded, shifted), exponent(shifted));
        FloatVector below = tail.mul(density);
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector cumulative = ONE.sub(below).blend(below, negative);
        return bounded.mul(density).fma(V_INV_SQRT_2PI, cumulative);
    }

    private static FloatVector gauss(FloatVector x, FloatVector shifted) {
        FloatVector square = x.mul(x);
        FloatVector rest = x.fma(x, square.neg());
        FloatVector n = shifted.sub(V_ROUND);
        FloatVector r = n.fma(V_MINUS_LN2_LOW, n.fma(V_MINUS_LN2_HIGH, square.mul(MINUS_HALF)));
        return expPolynomial(rest.fma(MINUS_HALF, r));
    }

    private static FloatVector tail(FloatVector x) {
        FloatVector half = x.abs().mul(HALF);
        FloatVector t = ONE.div(half.add(ONE));
        FloatVector rest = t.neg().fma(half, ONE.sub(t));
        FloatVector s = t.sub(V_TAIL_CENTRE);
        FloatVector high = V_T11.fma(s, V_T10).fma(s, V_T9).fma(s, V_T8).fma(s, V_T7);
        FloatVector middle = high.fma(s, V_T6).fma(s, V_T5).fma(s, V_T4).fma(s, V_T3);
        FloatVector value = t.mul(middle.fma(s, V_T2).fma(s, V_T1).fma(s, V_T0));
        return value.fma(rest, value);
    }
}
