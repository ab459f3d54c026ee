package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;
import static io.gatun.simd.SoftmaxRows.BLOCK;
import static io.gatun.simd.SoftmaxRows.FLOOR;
import static io.gatun.simd.SoftmaxRows.MAX;
import static io.gatun.simd.SoftmaxRows.ROUND;
import static io.gatun.simd.SoftmaxRows.SHIFT;
import static io.gatun.simd.SoftmaxRows.UNIT;
import static io.gatun.simd.SoftmaxRows.WAYS;
import static io.gatun.simd.SoftmaxRows.WAY_SUMS;

import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The exponentials of rows of any values, for {@link SoftmaxRows}, in two passes: the maximum, then those of y = x - shift as
 * e^y 2^(64 - k) with k = round(max y / ln 2). A power of two cancels in y_i / sum y, so the difference to the maximum and
 * its rounding error are never formed, and with 2^64 nothing is denormal before the last product. shift is 0 up to |max| =
 * {@value #NEAR}; beyond, it is the maximum, and the difference is exact wherever it is within {@value #DEPTH} (Sterbenz).
 */
final class SoftmaxFar {
    private static final float NEAR = 256;

    /** e^-105 rounds to 0, but not what it adds to the sum of 2^64 times that. */
    private static final float DEPTH = 105;

    private static final int SCALE = 64;

    /** The exponent of a float is n + 127. */
    private static final int BIAS = 127;

    private static final double LN2 = 0.6931471805599453;

    private final int cols;
    private final int whole;
    private final int blocks;
    private final long wholeBytes;
    private final long segmentBytes;
    // No constants: C2 makes counted loops of steps by constants, and guards of 100 instructions before each.
    private final long vectorBytes = Lanes.BYTES;
    private final long wayBytes = WAYS * 4L;
    /** Place of the running maxima in scratch memory. */
    private final long wayMaxima;

    private final RowLoop maxima = new RowLoop(MethodHandles.lookup(), this, "maxima");
    private final RowLoop folds = new RowLoop(MethodHandles.lookup(), this, "folds");
    private final RowLoop shifted = new RowLoop(MethodHandles.lookup(), this, "shifted");
    private final RowLoop wholes = new RowLoop(MethodHandles.lookup(), this, "wholes");
    private final RowLoop tails = new RowLoop(MethodHandles.lookup(), this, "tails");

    SoftmaxFar(int cols, long wayMaxima) {
        this.cols = cols;
        this.wayMaxima = wayMaxima;
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = Math.max(1, (cols + BLOCK - 1) / BLOCK);
        this.wholeBytes = whole * 4L;
        this.segmentBytes = blocks == 1 ? cols * 4L : BLOCK * 4L;
    }

    /** Exponentials, and running sums in scratch memory. */
    void exponentials(long src, long dst, long scratch, int rows) {
        maxima.run(src, 0, scratch, blocks == 1 ? rows : blocks);
        folds.run(src, 0, scratch, rows);
        boolean near = true;
        for (int r = 0; r < rows; r++) {
            float max = Raw.f32(scratch, MAX + r);
            float shift = Math.abs(max) <= NEAR ? 0 : max;
            float top = max - shift;
            near &= shift == 0;
            Raw.f32(scratch, SHIFT + r, shift);
            Raw.f32(scratch, UNIT + r, power(-SCALE));
            Raw.f32(scratch, FLOOR + r, top - DEPTH);
            Raw.f32(scratch, ROUND + r, ScalarMath.ROUND + (BIAS + SCALE) - exponent(top));
        }
        if (!near) {
            shifted.run(src, dst, scratch, rows);
        }
        long from = near ? src : dst;
        wholes.run(from, dst, scratch, blocks == 1 ? rows : blocks);
        if (whole < cols) {
            tails.run(from, dst, scratch, rows);
        }
    }

    /** k of the largest element of a row. */
    static float exponent(float top) {
        return Math.fma(top, ScalarMath.LOG2_E, ScalarMath.ROUND) - ScalarMath.ROUND;
    }

    /** 2^n, no denormal. */
    static float power(int n) {
        return Float.intBitsToFloat((n + BIAS) << 23);
    }

    /** ln(sum of e^(x - max)) of row r, given the sum of its exponentials. */
    static float logSum(double sum, long scratch, int r) {
        float top = Raw.f32(scratch, MAX + r) - Raw.f32(scratch, SHIFT + r);
        return (float) (ScalarMath.log((float) (sum * Raw.f32(scratch, UNIT + r))) + (exponent(top) * LN2 - top));
    }

    /** The larger of each pair, without the four instructions more that keep NaN: the sum of the row will be NaN. */
    private static FloatVector larger(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a));
    }

    /** Segment s is row s, or block s of the only row. */
    private void maxima(long src, long unused, long scratch, int segments) {
        long step = wayBytes;
        for (int s = 0; s < segments; s++) {
            long from = src + s * segmentBytes;
            long end = from + segment(s);
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector max = splat(Float.NEGATIVE_INFINITY);
                for (long at = from + way * 4L; at < end; at += step) {
                    max = larger(max, load(at));
                }
                max.intoMemorySegment(Raw.MEMORY, scratch + wayMaxima + (s * WAYS + way) * 4L, Lanes.ORDER);
            }
        }
    }

    /** Bytes of segment s in whole vectors. */
    private long segment(int s) {
        return blocks == 1 ? wholeBytes : Math.min(segmentBytes, wholeBytes - s * segmentBytes);
    }

    /** The largest of the running maxima of each row and of the columns that fill no vector. */
    private void folds(long src, long unused, long scratch, int rows) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        long at = src + wholeBytes;
        long from = scratch + wayMaxima;
        for (int r = 0; r < rows; r++, at += cols * 4L) {
            FloatVector max = load(from);
            from += Lanes.BYTES;
            for (long end = from - Lanes.BYTES + wayBytes * blocks; from < end; from += vectorBytes) {
                max = larger(max, load(from));
            }
            if (whole < cols) {
                FloatVector x = load(at, last);
                max = max.blend(x, x.compare(VectorOperators.GT, max, last));
            }
            if (Lanes.COUNT == 16) {
                max = larger(max, max.rearrange(Sums.BY_8));
            }
            if (Lanes.COUNT >= 8) {
                max = larger(max, max.rearrange(Sums.BY_4));
            }
            max = larger(max, max.rearrange(Sums.BY_2));
            Raw.f32(scratch, MAX + r, larger(max, max.rearrange(Sums.BY_1)).lane(0));
        }
    }

    /** dst = src - shift: seldom needed, so not a part of the exponentials. */
    private void shifted(long src, long dst, long scratch, int rows) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        long step = vectorBytes;
        long across = dst - src;
        long at = src;
        for (int r = 0; r < rows; r++) {
            FloatVector shift = splat(Raw.f32(scratch, SHIFT + r));
            for (long end = at + wholeBytes; at < end; at += step) {
                store(at + across, load(at).sub(shift));
            }
            if (whole < cols) {
                store(at + across, load(at, last).sub(shift), last);
                at += (cols - whole) * 4L;
            }
        }
    }

    private void wholes(long src, long dst, long scratch, int segments) {
        long step = wayBytes;
        long across = dst - src;
        for (int s = 0; s < segments; s++) {
            long row = scratch + (blocks == 1 ? s * 4L : 0);
            FloatVector floor = splat(Raw.f32(row, FLOOR));
            FloatVector round = splat(Raw.f32(row, ROUND));
            long from = src + s * segmentBytes;
            long end = from + segment(s);
            long to = scratch + (WAY_SUMS + (long) s * WAYS) * 4;
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                for (long at = from + way * 4L; at < end; at += step) {
                    FloatVector e = VectorMath.expScaled(load(at), floor, round);
                    e.intoMemorySegment(Raw.MEMORY, at + across, Lanes.ORDER);
                    sum = sum.add(e);
                }
                sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
            }
        }
    }

    /** The columns that fill no vector. */
    private void tails(long src, long dst, long scratch, int rows) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        long sums = scratch + (WAY_SUMS + (blocks - 1) * WAYS + whole % WAYS) * 4L;
        long across = dst - src;
        long at = src + wholeBytes;
        for (int r = 0; r < rows; r++, at += cols * 4L) {
            FloatVector floor = splat(Raw.f32(scratch, FLOOR + r));
            FloatVector round = splat(Raw.f32(scratch, ROUND + r));
            FloatVector e = VectorMath.expScaled(load(at, last), floor, round);
            e.intoMemorySegment(Raw.MEMORY, at + across, Lanes.ORDER, last);
            long to = sums + (long) r * blocks * WAYS * 4;
            FloatVector sum = load(to);
            sum.add(e, last).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
        }
    }
}
