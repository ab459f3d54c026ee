package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Max pooling forward by windows that overlap by a row, 3 x 3 with stride 2 and narrower: the maxima along a row that two
 * windows share are kept from the one to the other, so that each input row is read once, in its order, and a window costs 6
 * comparisons and 12 selections and not 9 and 18. All is done in one loop: maxima along rows first and down after went
 * through L1 twice, for 38 cycles an output vector, where window by window took 33.
 *
 * <p>Of a window that the edge of the image cuts a cell is taken twice: an equal value changes nothing, the first stays.
 * A comparison does not see NaN, a sum does: rows with one are done window by window by {@link PoolMax}.
 */
final class PoolMaxRows extends PoolMax {
    private static final int CELLS = 3;

    private final RowLoop across = new RowLoop(MethodHandles.lookup(), this, "across");
    private final PoolLoop pair = new PoolLoop(MethodHandles.lookup(), this, "pair");
    /** Bytes of a row of windows; a worker keeps maxima, indices and whether there was a NaN. */
    private final long line;

    private final long kept;

    /** Where runs of windows with equally many columns end, and these columns. */
    private final int[] ends;

    private final int[] columns;

    PoolMaxRows(PoolSpec spec, Workers workers) {
        super(spec, workers);
        this.line = ow * (c * 4L);
        this.kept = (2 * line + 4 + 63) / 64 * 64;
        int[] till = new int[ow];
        int[] cells = new int[ow];
        int runs = 0;
        for (int x = 0; x < ow; x++) {
            int wide = windows.right(x) - windows.left(x);
            if (x == 0 || cells[runs - 1] != wide) {
                cells[runs++] = wide;
            }
            till[runs - 1] = x + 1;
        }
        this.ends = Arrays.copyOf(till, runs);
        this.columns = Arrays.copyOf(cells, runs);
    }

    /** Whether each window begins in the row where the one above ends, and all hold a cell. */
    static boolean suits(PoolSpec s) {
        boolean rows = s.kh() == CELLS && s.sh() == CELLS - 1 && s.kw() <= CELLS && s.c() >= Lanes.COUNT;
        boolean cells = s.ph() < s.kh() && s.pw() < s.kw() && s.pb() < s.kh() && s.pr() < s.kw();
        return rows && cells && s.h() > 0 && s.w() > 0;
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * kept;
    }

    /** The row above a piece's first is read again: with 4 rows one in 9. */
    @Override
    int leastRows() {
        return 4;
    }

    @Override
    void piece(long[] frame, long from, long to, int worker) {
        long maxima = frame[3] + worker * kept;
        long flag = maxima + 2 * line;
        boolean unordered = false;
        for (long row = from; row < to; row++) {
            long n = row / height;
            int y = (int) (row % height);
            long image = frame[0] + n * srcImage();
            // Of what no cache holds: 0.78 to 0.81 of a copy with it, 0.75 to 0.77 without (three JVMs each).
            if (ahead) {
                lookAhead(frame, n, y, row == from);
            }
            if (row == from || y == 0) {
                across.run(image, maxima, flag, windows.top(y));
                unordered = Raw.i32(flag, 0) != 0;
            }
            long at = n * dstImage() + y * line;
            pair.run(image, maxima, frame[1] + at, frame[2] + at, y);
            boolean now = Raw.i32(flag, 0) != 0;
            if (unordered || now) {
                loops(image, frame[1] + at, frame[2] + at, y);
            } else {
                rest(image, frame[1] + at, frame[2] + at, y);
            }
            unordered = now;
        }
    }

    /** The maxima of the windows' parts in input row {@code row}. */
    private void across(long image, long maxima, long flag, int row) {
        long pixel = c * 4L;
        long run = inVectors * 4L;
        long step = vectorBytes;
        long behind = line;
        long src = image + row * (spec.w() * pixel);
        FloatVector all = splat(0f);
        int x = 0;
        for (int k = 0; k < ends.length; k++) {
            int last = columns[k] - 1;
            int middle = Math.min(1, last);
            long second = middle * pixel;
            long third = last * pixel;
            for (int end = ends[k]; x < end; x++) {
                int left = windows.left(x);
                int cell = row * spec.w() + left;
                IntVector i0 = IntVector.broadcast(Lanes.I, cell);
                IntVector i1 = IntVector.broadcast(Lanes.I, cell + middle);
                IntVector i2 = IntVector.broadcast(Lanes.I, cell + last);
                long at = src + left * pixel;
                long to = maxima + x * pixel;
                for (long stop = to + run; to < stop; to += step, at += step) {
                    FloatVector v0 = load(at);
                    FloatVector v1 = load(at + second);
                    FloatVector v2 = load(at + third);
                    VectorMask<Float> m1 = v1.compare(VectorOperators.GT, v0);
                    FloatVector best = v0.blend(v1, m1);
                    VectorMask<Float> m2 = v2.compare(VectorOperators.GT, best);
                    best.blend(v2, m2).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                    i0.blend(i1, m1.cast(Lanes.I))
                            .blend(i2, m2.cast(Lanes.I))
                            .intoMemorySegment(Raw.MEMORY, to + behind, Lanes.ORDER);
                    all = all.add(v0.add(v1).add(v2));
                }
            }
        }
        Raw.i32(flag, 0, all.compare(VectorOperators.NE, all).anyTrue() ? 1 : 0);
    }

    /** The windows of row {@code y}: of their first row the maxima are kept, which those of their last row replace. */
    private void pair(long image, long maxima, long dst, long indices, int y) {
        long pixel = c * 4L;
        long run = inVectors * 4L;
        long step = vectorBytes;
        long behind = line;
        long where = indices - dst;
        int start = y * spec.sh() - spec.ph();
        int upper = Math.clamp(start + 1, windows.top(y), windows.bottom(y) - 1);
        int below = Math.clamp(start + 2, windows.top(y), windows.bottom(y) - 1) - upper;
        long src = image + upper * (spec.w() * pixel);
        long lower = below * (spec.w() * pixel);
        long kept = maxima - dst;
        FloatVector all = splat(0f);
        int x = 0;
        for (int k = 0; k < ends.length; k++) {
            int last = columns[k] - 1;
            int middle = Math.min(1, last);
            long second = middle * pixel;
            long third = last * pixel;
            for (int end = ends[k]; x < end; x++) {
                int left = windows.left(x);
                int cell = upper * spec.w() + left;
                int under = cell + below * spec.w();
                IntVector u0 = IntVector.broadcast(Lanes.I, cell);
                IntVector u1 = IntVector.broadcast(Lanes.I, cell + middle);
                IntVector u2 = IntVector.broadcast(Lanes.I, cell + last);
                IntVector l0 = IntVector.broadcast(Lanes.I, under);
                IntVector l1 = IntVector.broadcast(Lanes.I, under + middle);
                IntVector l2 = IntVector.broadcast(Lanes.I, under + last);
                long at = src + left * pixel;
                long to = dst + x * pixel;
                for (long stop = to + run; to < stop; to += step, at += step) {
                    FloatVector best = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, to + kept, Lanes.ORDER);
                    IntVector index = IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, to + kept + behind, Lanes.ORDER);
                    FloatVector v = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at, Lanes.ORDER);
                    FloatVector sum = v;
                    VectorMask<Float> more = v.compare(VectorOperators.GT, best);
                    best = best.blend(v, more);
                    index = index.blend(u0, more.cast(Lanes.I));
                    v = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at + second, Lanes.ORDER);
                    sum = sum.add(v);
                    more = v.compare(VectorOperators.GT, best);
                    best = best.blend(v, more);
                    index = index.blend(u1, more.cast(Lanes.I));
                    v = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at + third, Lanes.ORDER);
                    sum = sum.add(v);
                    more = v.compare(VectorOperators.GT, best);
                    best = best.blend(v, more);
                    index = index.blend(u2, more.cast(Lanes.I));
                    FloatVector row = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at + lower, Lanes.ORDER);
                    sum = sum.add(row);
                    v = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at + lower + second, Lanes.ORDER);
                    sum = sum.add(v);
                    more = v.compare(VectorOperators.GT, row);
                    row = row.blend(v, more);
                    IntVector inRow = l0.blend(l1, more.cast(Lanes.I));
                    v = FloatVector.fromMemorySegment(Lanes.F, Raw.MEMORY, at + lower + third, Lanes.ORDER);
                    all = all.add(sum.add(v));
                    more = v.compare(VectorOperators.GT, row);
                    row = row.blend(v, more);
                    inRow = inRow.blend(l2, more.cast(Lanes.I));
                    row.intoMemorySegment(Raw.MEMORY, to + kept, Lanes.ORDER);
                    inRow.intoMemorySegment(Raw.MEMORY, to + kept + behind, Lanes.ORDER);
                    more = row.compare(VectorOperators.GT, best);
                    best.blend(row, more).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                    index.blend(inRow, more.cast(Lanes.I)).intoMemorySegment(Raw.MEMORY, to + where, Lanes.ORDER);
                }
            }
        }
        Raw.i32(maxima + 2 * behind, 0, all.compare(VectorOperators.NE, all).anyTrue() ? 1 : 0);
    }
}
