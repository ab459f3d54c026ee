package io.gatun.simd;

import static io.gatun.reference.SmoothUnits.*;
import static io.gatun.simd.Lanes.splat;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link io.gatun.reference.SmoothUnits} on lanes: the same operations in the same order. */
final class VectorSmoothUnits {
    private static final FloatVector ONE = splat(1f);
    private static final FloatVector TWO = splat(2f);
    private static final FloatVector ZERO = splat(0f);
    private static final FloatVector V_SILU_MIN = splat(SILU_MIN);
    private static final FloatVector V_A0 = splat(A0);
    private static final FloatVector V_A1 = splat(A1);
    private static final FloatVector V_A2 = splat(A2);
    private static final FloatVector V_A3 = splat(A3);

    private VectorSmoothUnits() {}

    static FloatVector silu(FloatVector x) {
        FloatVector bounded = x.abs().neg().max(V_SILU_MIN);
        FloatVector shifted = VectorMath.shifted(bounded);
        IntVector n = VectorMath.exponent(shifted);
        FloatVector m = VectorMath.expRest(bounded, shifted);
        FloatVector z = VectorMath.scale(m, n);
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector q = x.blend(bounded.mul(m), negative).div(z.add(ONE));
        return q.blend(VectorMath.scale(q, n), negative);
    }

    static FloatVector siluDerivative(FloatVector x) {
        FloatVector bounded = x.abs().neg().max(V_SILU_MIN);
        FloatVector shifted = VectorMath.shifted(bounded);
        IntVector n = VectorMath.exponent(shifted);
        FloatVector m = VectorMath.expRest(bounded, shifted);
        FloatVector z = VectorMath.scale(m, n);
        FloatVector inverse = ONE.div(z.add(ONE));
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector other = z.mul(inverse).blend(inverse, negative);
        FloatVector c = bounded.neg().blend(bounded, negative).fma(other, ONE);
        FloatVector d = inverse.blend(m.mul(inverse), negative).mul(c);
        return d.blend(VectorMath.scale(d, n), negative);
    }

    static FloatVector softplus(FloatVector x) {
        return x.max(ZERO).add(logOfOneAnd(VectorMath.exp(x.abs().neg())));
    }

    static FloatVector logOfOneAnd(FloatVector z) {
        FloatVector s = z.div(z.add(TWO));
        FloatVector w = s.mul(s);
        FloatVector p = V_A3.fma(w, V_A2).fma(w, V_A1).fma(w, V_A0);
        FloatVector t = s.add(s);
        return t.mul(w).fma(p, t);
    }
}
