package io.gatun.simd;

import static io.gatun.simd.LanePairs.M1;
import static io.gatun.simd.LanePairs.M2;
import static io.gatun.simd.LanePairs.M4;
import static io.gatun.simd.LanePairs.M8;
import static io.gatun.simd.LanePairs.X1;
import static io.gatun.simd.LanePairs.X2;
import static io.gatun.simd.LanePairs.X4;
import static io.gatun.simd.LanePairs.X8;
import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;

/**
 * Folds {@link Lanes#COUNT} vectors of running sums into one vector of totals, total r in lane r. Each stage adds the
 * halves of two vectors and keeps one's total in the lower and the other's in the upper half: COUNT - 1 additions for all
 * where single folds take log2 COUNT each. Addition is commutative, so the bits are those of the single fold.
 */
final class FoldRows {
    private FoldRows() {}

    /** The COUNT vectors at {@code lanes}, which are overwritten, to one at {@code out}. */
    static void fold(long lanes, long out) {
        if (Lanes.COUNT == 16) {
            for (int r = 0; r < 8; r++) {
                by8(lanes + r * Lanes.BYTES, lanes + (r + 8) * Lanes.BYTES, lanes + r * Lanes.BYTES);
            }
        }
        if (Lanes.COUNT >= 8) {
            for (int r = 0; r < 4; r++) {
                by4(lanes + r * Lanes.BYTES, lanes + (r + 4) * Lanes.BYTES, lanes + r * Lanes.BYTES);
            }
        }
        by2(lanes, lanes + 2 * Lanes.BYTES, lanes);
        by2(lanes + Lanes.BYTES, lanes + 3 * Lanes.BYTES, lanes + Lanes.BYTES);
        by1(lanes, lanes + Lanes.BYTES, out);
    }

    // One method for each distance: C2 folds shuffles and masks that are constants, and boxes those that are arguments.

    private static void by8(long a, long b, long to) {
        FloatVector x = load(a);
        FloatVector y = load(b);
        x.blend(y.rearrange(X8), M8).add(x.rearrange(X8).blend(y, M8)).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
    }

    private static void by4(long a, long b, long to) {
        FloatVector x = load(a);
        FloatVector y = load(b);
        x.blend(y.rearrange(X4), M4).add(x.rearrange(X4).blend(y, M4)).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
    }

    private static void by2(long a, long b, long to) {
        FloatVector x = load(a);
        FloatVector y = load(b);
        x.blend(y.rearrange(X2), M2).add(x.rearrange(X2).blend(y, M2)).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
    }

    private static void by1(long a, long b, long to) {
        FloatVector x = load(a);
        FloatVector y = load(b);
        x.blend(y.rearrange(X1), M1).add(x.rearrange(X1).blend(y, M1)).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
    }
}
