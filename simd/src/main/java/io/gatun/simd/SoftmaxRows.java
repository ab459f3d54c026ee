package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.reference.ScalarMath;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The passes of softmax over a group of rows that stays in L1: the maxima, the exponentials with their running sums, the
 * sums, the scaling. Each is a loop of its own over all rows of the group, so that the fold of one row, a chain of 20 to 30
 * cycles, is hidden behind the others.
 *
 * <p>The exponentials are of y = x - shift and come out as e^y 2^(64 - k) with k = round(max y / ln 2): a power of two
 * cancels in y_i / sum y, so the difference to the maximum and its rounding error are never formed, and with 2^64 nothing
 * is denormal before the last product. A vector of 16 is then 2 instructions for the maximum, 14 for the exponential, 2 for
 * its sum and store, 3 to scale. shift is 0 up to |max| = {@value #NEAR}; beyond, it is the maximum, and the difference is
 * exact wherever it is within {@value #DEPTH} (Sterbenz).
 *
 * <p>A row is summed in blocks of {@value #BLOCK}; a block in 16 running sums, element i into sum i mod 16, which are folded
 * in halves; blocks are added in double. The same at every width.
 */
final class SoftmaxRows {
    static final int WAYS = 16;

    /** 64 additions deep. */
    static final int BLOCK = 64 * WAYS;

    /** Rows of a group at most, and elements: 8 KB of each of the three that a pass walks. */
    static final int ROWS = 32;

    static final int GROUP = 2048;

    private static final float NEAR = 256;

    /** e^-105 rounds to 0, but not what it adds to the sum of 2^64 times that. */
    private static final float DEPTH = 105;

    /** 2^n stands in the exponent of a float as n + 127; 64 more keep it normal. */
    private static final int BIAS = 127 + 64;

    private static final double LN2 = 0.6931471805599453;

    // Places in a thread's scratch memory, ROWS floats each, then ROWS doubles.
    private static final int SHIFT = 0;
    private static final int FLOOR = ROWS;
    private static final int ROUND = 2 * ROWS;
    private static final int MAX = 3 * ROWS;
    private static final int FACTOR = 4 * ROWS;
    private static final int NEXT_MAX = 5 * ROWS;
    /** In doubles. */
    private static final int SUM = 3 * ROWS;
    /** In longs. */
    private static final int AHEAD = 4 * ROWS;

    private static final int WAY_SUMS = 8 * ROWS + WAYS;

    private final int cols;
    /** Columns in whole vectors. */
    private final int whole;

    private final int blocks;
    private final long wholeBytes;
    /** From a row, or from a block of a row that has several, to the next. */
    private final long segmentBytes;
    // No constants: C2 makes counted loops of steps by constants, and guards of 100 instructions before each.
    private final long vectorBytes = Lanes.BYTES;
    private final long wayBytes;
    /** Place of the running maxima in scratch memory. */
    private final long wayMaxima;

    private final RowLoop maxima = new RowLoop(MethodHandles.lookup(), this, "maxima");
    private final RowLoop folds = new RowLoop(MethodHandles.lookup(), this, "folds");
    private final RowLoop shifted = new RowLoop(MethodHandles.lookup(), this, "shifted");
    private final RowLoop wholes = new RowLoop(MethodHandles.lookup(), this, "wholes");
    private final RowLoop tails = new RowLoop(MethodHandles.lookup(), this, "tails");
    private final RowLoop sums = new RowLoop(MethodHandles.lookup(), this, "sums");
    private final RowLoop scale = new RowLoop(MethodHandles.lookup(), this, "scales");
    private final RowLoop subtract = new RowLoop(MethodHandles.lookup(), this, "differences");

    SoftmaxRows(int cols) {
        this.cols = cols;
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = Math.max(1, (cols + BLOCK - 1) / BLOCK);
        this.wholeBytes = whole * 4L;
        this.wayBytes = WAYS * 4L;
        this.wayMaxima = (WAY_SUMS + (long) rows() * blocks * WAYS) * 4;
        this.segmentBytes = blocks == 1 ? cols * 4L : BLOCK * 4L;
    }

    /** Rows of a group. */
    int rows() {
        return blocks == 1 ? Math.clamp(GROUP / Math.max(1, cols), 1, ROWS) : 1;
    }

    /** Scratch memory of a thread. */
    long scratchBytes() {
        return wayMaxima + (long) rows() * blocks * WAYS * 4;
    }

    /** The maxima of the first group; those of the others are found with the exponentials of the group before. */
    void first(long src, long scratch, int rows) {
        maxima.run(src, 0, scratch, rows);
    }

    /**
     * The exponentials of the rows at {@code src} into {@code dst}, all times the same for a row, and their sums, given their
     * maxima in scratch memory; in their place those of the {@code next} rows that follow, if any. So memory brings one group
     * while the other is computed.
     */
    void exponentials(long src, long dst, long scratch, int rows, int next) {
        boolean near = true;
        for (int r = 0; r < rows; r++) {
            float max = Raw.f32(scratch, NEXT_MAX + r);
            float shift = Math.abs(max) <= NEAR ? 0 : max;
            float top = max - shift;
            near &= shift == 0;
            Raw.f32(scratch, MAX + r, max);
            Raw.f32(scratch, SHIFT + r, shift);
            Raw.f32(scratch, FLOOR + r, top - DEPTH);
            Raw.f32(scratch, ROUND + r, ScalarMath.ROUND + BIAS - exponent(top));
        }
        if (!near) {
            shifted.run(src, dst, scratch, rows);
        }
        long from = near ? src : dst;
        // Where fewer rows follow, the loop looks at its own rows, for nothing.
        Raw.i64(scratch, AHEAD, src + (next < rows ? 0 : rows * (cols * 4L)) - from);
        wholes.run(from, dst, scratch, blocks == 1 ? rows : blocks);
        if (whole < cols) {
            tails.run(from, dst, scratch, rows);
        }
        sums.run(0, 0, scratch, rows);
        if (next == rows) {
            folds.run(src + rows * (cols * 4L), 0, scratch, next);
        } else if (next > 0) {
            first(src + rows * (cols * 4L), scratch, next);
        }
    }

    /** k of the largest element of a row. */
    private static float exponent(float top) {
        return Math.fma(top, ScalarMath.LOG2_E, ScalarMath.ROUND) - ScalarMath.ROUND;
    }

    /** The sum of row r of what {@link #exponentials} wrote. */
    static double sum(long scratch, int r) {
        return Raw.f64(scratch, SUM + r);
    }

    static float max(long scratch, int r) {
        return Raw.f32(scratch, MAX + r);
    }

    /** ln(sum of e^(x - max)) of row r. */
    static float logSum(long scratch, int r) {
        float top = Raw.f32(scratch, MAX + r) - Raw.f32(scratch, SHIFT + r);
        return (float) (ScalarMath.log((float) (sum(scratch, r) * 0x1p-64)) + (exponent(top) * LN2 - top));
    }

    /** dst *= factors[r]. */
    void scale(long dst, long scratch, int rows) {
        scale.run(dst, 0, scratch, rows);
    }

    /** dst = src - max - factors[r]. */
    void subtract(long src, long dst, long scratch, int rows) {
        subtract.run(src, dst, scratch, rows);
    }

    static void factor(long scratch, int r, float factor) {
        Raw.f32(scratch, FACTOR + r, factor);
    }

    /** The larger of each pair, without the four instructions more that keep NaN: the sum of the row will be NaN. */
    private static FloatVector larger(FloatVector a, FloatVector b) {
        return a.blend(b, b.compare(VectorOperators.GT, a));
    }

    private void maxima(long src, long unused, long scratch, int rows) {
        long step = wayBytes;
        for (int s = 0; s < (blocks == 1 ? rows : blocks); s++) {
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
        folds(src, 0, scratch, rows);
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
            Raw.f32(scratch, NEXT_MAX + r, larger(max, max.rearrange(Sums.BY_1)).lane(0));
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

    /** Segment s is row s, or block s of the only row. */
    private void wholes(long src, long dst, long scratch, int segments) {
        long step = wayBytes;
        long across = dst - src;
        long ahead = Raw.i64(scratch, AHEAD);
        for (int s = 0; s < segments; s++) {
            long row = scratch + (blocks == 1 ? s * 4L : 0);
            FloatVector floor = splat(Raw.f32(row, FLOOR));
            FloatVector round = splat(Raw.f32(row, ROUND));
            long from = src + s * segmentBytes;
            long end = from + segment(s);
            long to = scratch + (WAY_SUMS + (long) s * WAYS) * 4;
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                FloatVector max = splat(Float.NEGATIVE_INFINITY);
                for (long at = from + way * 4L; at < end; at += step) {
                    max = larger(max, load(at + ahead));
                    FloatVector e = VectorMath.expScaled(load(at), floor, round);
                    e.intoMemorySegment(Raw.MEMORY, at + across, Lanes.ORDER);
                    sum = sum.add(e);
                }
                sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                max.intoMemorySegment(Raw.MEMORY, to + wayMaxima - WAY_SUMS * 4L + way * 4L, Lanes.ORDER);
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

    private void sums(long unused, long unused2, long scratch, int rows) {
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int block = 0; block < blocks; block++) {
                sum += Sums.fold(scratch + (WAY_SUMS + (r * blocks + block) * WAYS) * 4L);
            }
            Raw.f64(scratch, SUM + r, sum);
        }
    }

    private void scales(long dst, long unused, long scratch, int rows) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        long step = vectorBytes;
        long at = dst;
        for (int r = 0; r < rows; r++) {
            FloatVector factor = splat(Raw.f32(scratch, FACTOR + r));
            for (long end = at + wholeBytes; at < end; at += step) {
                store(at, load(at).mul(factor));
            }
            if (whole < cols) {
                store(at, load(at, last).mul(factor), last);
                at += (cols - whole) * 4L;
            }
        }
    }

    private void differences(long src, long dst, long scratch, int rows) {
        VectorMask<Float> last = Lanes.first(cols - whole);
        long step = vectorBytes;
        long across = dst - src;
        long at = src;
        for (int r = 0; r < rows; r++) {
            FloatVector max = splat(Raw.f32(scratch, MAX + r));
            FloatVector log = splat(Raw.f32(scratch, FACTOR + r));
            for (long end = at + wholeBytes; at < end; at += step) {
                store(at + across, load(at).sub(max).sub(log));
            }
            if (whole < cols) {
                store(at + across, load(at, last).sub(max).sub(log), last);
                at += (cols - whole) * 4L;
            }
        }
    }
}
