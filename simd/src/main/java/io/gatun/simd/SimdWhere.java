package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.WhereSpec;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** A choice between two numbers for each element: a compare and a blend, 12 B read and 4 B written, less for constants. */
final class SimdWhere extends Elementwise {
    private final boolean oneA;
    private final boolean oneB;

    private SimdWhere(WhereSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.oneA = spec.oneA();
        this.oneB = spec.oneB();
    }

    static Offer offer(WhereSpec spec, Workers workers) {
        return Offer.of(new SimdWhere(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:where";
    }

    @Override
    void range(long[] frame, long from, int n) {
        long mask = frame[0] + from * 4;
        long a = oneA ? frame[1] : frame[1] + from * 4;
        long b = oneB ? frame[2] : frame[2] + from * 4;
        long dst = frame[3] + from * 4;
        int whole = Lanes.F.loopBound(n);
        if (oneA) {
            constant(mask, Raw.f32(a, 0), b, dst, whole);
        } else if (oneB) {
            orConstant(mask, a, Raw.f32(b, 0), dst, whole);
        } else {
            pairs(mask, a, b, dst, whole);
        }
        for (int i = whole; i < n; i++) {
            boolean first = Raw.f32(mask, i) != 0;
            Raw.i32(dst, i, first ? Raw.i32(a, oneA ? 0 : i) : Raw.i32(b, oneB ? 0 : i));
        }
    }

    private static void pairs(long mask, long a, long b, long dst, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, load(b + i).blend(load(a + i), load(mask + i).compare(VectorOperators.NE, 0f)));
        }
    }

    /** b may be a constant too. */
    private void constant(long mask, float a, long b, long dst, int n) {
        FloatVector value = splat(a);
        if (oneB) {
            FloatVector other = splat(Raw.f32(b, 0));
            for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
                store(dst + i, other.blend(value, load(mask + i).compare(VectorOperators.NE, 0f)));
            }
        } else {
            for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
                store(dst + i, load(b + i).blend(value, load(mask + i).compare(VectorOperators.NE, 0f)));
            }
        }
    }

    private static void orConstant(long mask, long a, float b, long dst, int n) {
        FloatVector value = splat(b);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, value.blend(load(a + i), load(mask + i).compare(VectorOperators.NE, 0f)));
        }
    }
}
