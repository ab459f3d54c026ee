package io.gatun.simd;

import static io.gatun.reference.ScalarMath.*;
import static io.gatun.simd.Lanes.splat;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link io.gatun.reference.ScalarMath#log} on lanes: the same operations in the same order, its branches as blends. */
final class VectorLog {
    private static final FloatVector ONE = splat(1f);
    private static final FloatVector MINUS_HALF = splat(-0.5f);
    private static final FloatVector NAN = splat(Float.NaN);
    private static final FloatVector MINUS_INFINITY = splat(Float.NEGATIVE_INFINITY);
    private static final FloatVector DENORMAL_SHIFT = splat(0x1p23f);
    private static final FloatVector V_LN2_HIGH = splat(LN2_HIGH);
    private static final FloatVector V_LN2_LOW = splat(LN2_LOW);
    private static final FloatVector V_L0 = splat(L0);
    private static final FloatVector V_L1 = splat(L1);
    private static final FloatVector V_L2 = splat(L2);
    private static final FloatVector V_L3 = splat(L3);
    private static final FloatVector V_L4 = splat(L4);
    private static final FloatVector V_L5 = splat(L5);
    private static final FloatVector V_L6 = splat(L6);
    private static final FloatVector V_L7 = splat(L7);
    private static final FloatVector V_L8 = splat(L8);

    private static final FloatVector ZERO = splat(0f);
    private static final FloatVector V_MIN_NORMAL = splat(Float.MIN_NORMAL);

    private VectorLog() {}

    /** What {@link #log} of 1 + y misses of ln(1 + y): for a loop of its own, the two are too long for one. */
    static FloatVector rest(FloatVector y) {
        FloatVector u = y.add(ONE);
        FloatVector lost = y.sub(u.sub(ONE)).blend(ZERO, u.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
        return lost.div(u.max(V_MIN_NORMAL));
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> denormal = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
        IntVector bits = x.blend(x.mul(DENORMAL_SHIFT), denormal).reinterpretAsInts();
        IntVector n = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector f = bits.sub(n.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(ONE);
        FloatVector whole = (FloatVector) n.convert(VectorOperators.I2F, 0);
        FloatVector e = whole.blend(whole.sub(23f), denormal);
        FloatVector high = V_L8.fma(f, V_L7).fma(f, V_L6).fma(f, V_L5).fma(f, V_L4);
        FloatVector p = high.fma(f, V_L3).fma(f, V_L2).fma(f, V_L1).fma(f, V_L0);
        FloatVector square = f.mul(f);
        FloatVector y = square.fma(MINUS_HALF, e.fma(V_LN2_LOW, square.mul(f).mul(p)));
        FloatVector value = e.fma(V_LN2_HIGH, f.add(y));
        // Inf and NaN are their own logarithms.
        return value.blend(
                        x,
                        x.compare(VectorOperators.LT, Float.POSITIVE_INFINITY).not())
                .blend(NAN, x.compare(VectorOperators.LT, 0f))
                .blend(MINUS_INFINITY, x.compare(VectorOperators.EQ, 0f));
    }
}
