package io.gatun.simd;

import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Lanes in pairs at distance 1, 2, 4 and 8, the stages of a butterfly: {@code X}d brings each lane its partner, {@code M}d
 * is set in the upper of the two. Constants one by one, because C2 folds those and boxes arguments.
 */
final class LanePairs {
    static final VectorShuffle<Float> X1 = partner(1);
    static final VectorShuffle<Float> X2 = partner(2);
    static final VectorShuffle<Float> X4 = partner(4);
    static final VectorShuffle<Float> X8 = partner(8);
    static final VectorMask<Float> M1 = upper(1);
    static final VectorMask<Float> M2 = upper(2);
    static final VectorMask<Float> M4 = upper(4);
    static final VectorMask<Float> M8 = upper(8);

    private LanePairs() {}

    private static VectorShuffle<Float> partner(int distance) {
        return VectorShuffle.fromOp(Lanes.F, lane -> (lane ^ distance) % Lanes.COUNT);
    }

    private static VectorMask<Float> upper(int distance) {
        boolean[] set = new boolean[Lanes.COUNT];
        for (int lane = 0; lane < set.length; lane++) {
            set[lane] = (lane & distance) != 0;
        }
        return VectorMask.fromArray(Lanes.F, set, 0);
    }
}
