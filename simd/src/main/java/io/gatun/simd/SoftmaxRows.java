package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The passes of softmax over a group of rows that stays in L2. Where no x is above {@value #HIGHEST} and the largest of a row
 * not below -8, which nearly every net's logits are and scores with masks of -Inf too, the exponentials need no maximum: one
 * pass reads x and writes e^x 2^{@value #SCALE}, adds them up and finds out whether that was so ({@link #near}); the
 * next scales. A power of two cancels in e_i / sum e, and whatever the scale, the bits are the same ({@link SoftmaxFar}
 * has the other rows). A vector of 16 is 13 instructions for the exponential, 2 to look at its range, 2 for its sum and store,
 * 3 to scale.
 *
 * <p>A row is summed in blocks of {@value #BLOCK}; a block in 16 running sums, element i into sum i mod 16, which are folded
 * in halves; blocks are added in double. The same at every width.
 */
final class SoftmaxRows {
    static final int WAYS = 16;

    /** 64 additions deep. */
    static final int BLOCK = 64 * WAYS;

    /**
     * Rows of a group at most, and elements: 128 KB. Where one pass ends and the next begins memory stands still, so these
     * should be few: the tasks of 8,192 rows of 1,000 run at 0.65 of a copy with groups of 16 KB in L1, at 0.82 with these in
     * L2 (0.70 in {@code gatun bench}). The first pass alone reaches 0.91 to 0.95.
     */
    static final int ROWS = 256;

    static final int GROUP = 32 * 1024;

    /** Up to here 2^31 exponentials add up to a float, and a gradient's share of one in 2^45 is no denormal. */
    private static final float HIGHEST = 29;

    /** e^-8 2^SCALE: the sum of a row whose mean is more has an element above -8. */
    private static final float LEAST = 9.23e7f;

    static final int SCALE = 38;

    private static final IntVector V_HIGHEST = IntVector.broadcast(Lanes.I, Float.floatToRawIntBits(HIGHEST));
    private static final IntVector V_MINUS_INFINITY =
            IntVector.broadcast(Lanes.I, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));

    // Places in a thread's scratch memory, ROWS floats each.
    static final int SHIFT = 0;
    static final int FLOOR = ROWS;
    static final int ROUND = 2 * ROWS;
    static final int MAX = 3 * ROWS;
    /** What the exponentials were not divided by: sum times that is the sum of e^x 2^-k. */
    static final int UNIT = 4 * ROWS;

    private static final int FACTOR = 5 * ROWS;
    private static final int TOTAL = 6 * ROWS;
    /** Not 0 if a value was out of the range of {@link #near}. */
    private static final int OUTSIDE = 7 * ROWS;
    /** In doubles: the sum of the only row that has several blocks. */
    private static final int SUM = OUTSIDE / 2 + 1;

    static final int WAY_SUMS = OUTSIDE + WAYS;

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

    private final float least;
    private final SoftmaxFar far;
    private final RowLoop nears = new RowLoop(MethodHandles.lookup(), this, "nears");
    private final RowLoop tails = new RowLoop(MethodHandles.lookup(), this, "tails");
    private final RowLoop tops = new RowLoop(MethodHandles.lookup(), this, "tops");
    private final RowLoop sums = new RowLoop(MethodHandles.lookup(), this, "sums");
    private final RowLoop scale = new RowLoop(MethodHandles.lookup(), this, "scales");
    private final RowLoop subtract = new RowLoop(MethodHandles.lookup(), this, "differences");

    SoftmaxRows(int cols) {
        this.cols = cols;
        this.whole = Lanes.F.loopBound(cols);
        this.blocks = Math.max(1, (cols + BLOCK - 1) / BLOCK);
        this.wholeBytes = whole * 4L;
        this.wayBytes = WAYS * 4L;
        this.wayMaxima = (WAY_SUMS + (rows() + WAYS - 1) / WAYS * WAYS * (long) blocks * WAYS) * 4;
        this.segmentBytes = blocks == 1 ? cols * 4L : BLOCK * 4L;
        this.least = Math.nextUp(LEAST * cols);
        this.far = new SoftmaxFar(cols, wayMaxima);
    }

    /** Rows of a group. */
    int rows() {
        return blocks == 1 ? Math.clamp(GROUP / Math.max(1, cols), 1, ROWS) : 1;
    }

    /** Scratch memory of a thread. */
    long scratchBytes() {
        return wayMaxima + (long) rows() * blocks * WAYS * 4;
    }

    /**
     * The exponentials of the rows at {@code src} into {@code dst}, all times the same for a row, and their sums.
     *
     * @param near whether to try the short way; where it did not do for a group, the next ones' rows are likely alike
     * @param maxima whether {@link #max} and {@link #logSum} will be asked for
     * @return whether the short way did
     */
    boolean exponentials(long src, long dst, long scratch, int rows, boolean near, boolean maxima) {
        if (near && near(src, dst, scratch, rows, maxima)) {
            return true;
        }
        far.exponentials(src, dst, scratch, rows);
        sums.run(0, 0, scratch, rows);
        return false;
    }

    private boolean near(long src, long dst, long scratch, int rows, boolean maxima) {
        nears.run(src, dst, scratch, blocks == 1 ? rows : blocks);
        if (whole < cols) {
            tails.run(src, dst, scratch, rows);
        }
        sums.run(0, 0, scratch, rows);
        if (Raw.i32(scratch, OUTSIDE) != 0) {
            return false;
        }
        for (int r = 0; r < rows; r++) {
            // Not so for NaN.
            if (!(sum(scratch, r) >= least)) {
                return false;
            }
        }
        return !maxima || tops(scratch, rows);
    }

    /** The maxima of rows whose largest element is not negative: floats, then, are in the order of their bits. */
    private boolean tops(long scratch, int rows) {
        tops.run(0, 0, scratch, rows);
        for (int r = 0; r < rows; r++) {
            float max = Raw.f32(scratch, MAX + r);
            if (Float.floatToRawIntBits(max) < 0) {
                return false;
            }
            Raw.f32(scratch, SHIFT + r, 0);
            Raw.f32(scratch, UNIT + r, SoftmaxFar.power(-SCALE - (int) SoftmaxFar.exponent(max)));
        }
        return true;
    }

    /** The sum of row r of what {@link #exponentials} wrote. */
    double sum(long scratch, int r) {
        return blocks == 1 ? Raw.f32(scratch, TOTAL + r) : Raw.f64(scratch, SUM);
    }

    static float max(long scratch, int r) {
        return Raw.f32(scratch, MAX + r);
    }

    /** ln(sum of e^(x - max)) of row r. */
    float logSum(long scratch, int r) {
        return SoftmaxFar.logSum(sum(scratch, r), scratch, r);
    }

    /** dst = dst factors[r]. */
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

    /** Bytes of segment s in whole vectors. */
    private long segment(int s) {
        return blocks == 1 ? wholeBytes : Math.min(segmentBytes, wholeBytes - s * segmentBytes);
    }

    /** Segment s is row s, or block s of the only row. */
    private void nears(long src, long dst, long scratch, int segments) {
        long step = wayBytes;
        long across = dst - src;
        IntVector most = none();
        IntVector bottom = none();
        for (int s = 0; s < segments; s++) {
            long from = src + s * segmentBytes;
            long end = from + segment(s);
            long to = scratch + (WAY_SUMS + (long) s * WAYS) * 4;
            for (int way = 0; way < WAYS; way += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                IntVector top = none();
                for (long at = from + way * 4L; at < end; at += step) {
                    IntVector x = bits(at);
                    top = top.max(x);
                    // The largest magnitude of the negative ones, and NaN beyond all.
                    bottom = bottom.lanewise(VectorOperators.UMAX, x);
                    FloatVector e = VectorMath.expNear(x);
                    e.intoMemorySegment(Raw.MEMORY, at + across, Lanes.ORDER);
                    sum = sum.add(e);
                }
                sum.intoMemorySegment(Raw.MEMORY, to + way * 4L, Lanes.ORDER);
                top.intoMemorySegment(Raw.MEMORY, to + wayMaxima - WAY_SUMS * 4L + way * 4L, Lanes.ORDER);
                most = most.max(top);
            }
        }
        boolean outside = most.compare(VectorOperators.GT, V_HIGHEST).anyTrue()
                || bottom.compare(VectorOperators.UGT, V_MINUS_INFINITY).anyTrue();
        Raw.i32(scratch, OUTSIDE, outside ? 1 : 0);
    }

    /** No constant: where a loop turns what it was into another, C2 keeps that on the heap. */
    private static IntVector none() {
        return IntVector.broadcast(Lanes.I, Integer.MIN_VALUE);
    }

    private static IntVector bits(long at) {
        return IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, at, Lanes.ORDER);
    }

    /** The columns that fill no vector. */
    private void tails(long src, long dst, long scratch, int rows) {
        VectorMask<Integer> last = Lanes.I.indexInRange(0, cols - whole);
        VectorMask<Float> lastFloats = Lanes.first(cols - whole);
        long ways = ((blocks - 1L) * WAYS + whole % WAYS) * 4;
        long across = dst - src;
        long at = src + wholeBytes;
        IntVector most = none();
        IntVector bottom = none();
        for (int r = 0; r < rows; r++, at += cols * 4L, ways += WAYS * 4L) {
            IntVector x = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, at, Lanes.ORDER, last);
            FloatVector e = VectorMath.expNear(x);
            e.intoMemorySegment(Raw.MEMORY, at + across, Lanes.ORDER, lastFloats);
            FloatVector sum = load(scratch + WAY_SUMS * 4L + ways);
            sum.add(e, lastFloats).intoMemorySegment(Raw.MEMORY, scratch + WAY_SUMS * 4L + ways, Lanes.ORDER);
            IntVector top = bits(scratch + wayMaxima + ways);
            top.lanewise(VectorOperators.MAX, x, last)
                    .intoMemorySegment(Raw.MEMORY, scratch + wayMaxima + ways, Lanes.ORDER);
            most = most.max(x);
            bottom = bottom.lanewise(VectorOperators.UMAX, x);
        }
        if (most.compare(VectorOperators.GT, V_HIGHEST).anyTrue()
                || bottom.compare(VectorOperators.UGT, V_MINUS_INFINITY).anyTrue()) {
            Raw.i32(scratch, OUTSIDE, 1);
        }
    }

    /** The largest of each row's bits. */
    private void tops(long unused, long unused2, long scratch, int rows) {
        long at = scratch + wayMaxima;
        for (int r = 0; r < rows; r++) {
            IntVector top = none();
            for (long end = at + blocks * wayBytes; at < end; at += vectorBytes) {
                top = top.max(bits(at));
            }
            Raw.i32(scratch, MAX + r, top.reduceLanes(VectorOperators.MAX));
        }
    }

    private void sums(long unused, long unused2, long scratch, int rows) {
        long from = scratch + WAY_SUMS * 4L;
        if (blocks > 1) {
            double sum = 0;
            for (int block = 0; block < blocks; block++, from += wayBytes) {
                sum += Sums.fold(from);
            }
            Raw.f64(scratch, SUM, sum);
        } else if (rows < Lanes.COUNT / 2) {
            for (int r = 0; r < rows; r++, from += wayBytes) {
                Raw.f32(scratch, TOTAL + r, Sums.fold(from));
            }
        } else {
            for (int r = 0; r < rows; r += Lanes.COUNT, from += Lanes.COUNT * wayBytes) {
                if (Lanes.COUNT < WAYS) {
                    halve(from);
                }
                FoldRows.fold(from, scratch + (TOTAL + r) * 4L);
            }
        }
    }

    /** The 16 running sums of COUNT rows to a vector each, as {@link Sums#fold} begins. */
    private void halve(long ways) {
        long to = ways;
        for (int r = 0; r < Lanes.COUNT; r++, ways += wayBytes, to += vectorBytes) {
            FloatVector low = load(ways);
            FloatVector high = load(ways + Lanes.BYTES);
            if (Lanes.COUNT == 4) {
                low = low.add(load(ways + 2 * Lanes.BYTES));
                high = high.add(load(ways + 3 * Lanes.BYTES));
            }
            store(to, low.add(high));
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
