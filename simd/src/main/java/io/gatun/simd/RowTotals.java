package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Totals of rows that have 16 running sums each, with the bits of {@link Sums#fold}: a fold alone is a chain of some 20 cycles,
 * {@link FoldRows} does a vector of rows in 4 or 5 instructions each.
 */
final class RowTotals {
    private static final VectorLoop FOLD = new VectorLoop(MethodHandles.lookup(), "rows");

    private RowTotals() {}

    /** Floats of scratch for so many rows: a vector of each, of whole groups of rows. */
    static int scratch(int rows) {
        return Math.ceilDiv(rows, 16) * 16 * 16;
    }

    /**
     * The totals of {@code rows} rows to {@code out}, which has room for a multiple of 16.
     *
     * @param sums the first row's 16 sums; the next row's are {@code stride} bytes behind
     * @param lanes {@link #scratch} floats
     */
    static void fold(long sums, int stride, int rows, long lanes, long out) {
        // The loop takes three addresses: the stride is its float.
        FOLD.run(sums, lanes, out, rows, stride);
    }

    private static void rows(long sums, long lanes, long out, int rows, float stride) {
        long step = (long) stride;
        for (int r = 0; r < rows; r++) {
            long at = sums + r * step;
            FloatVector sum = load(at);
            if (Lanes.COUNT == 8) {
                sum = sum.add(load(at + Lanes.BYTES));
            }
            if (Lanes.COUNT == 4) {
                FloatVector even = sum.add(load(at + 2 * Lanes.BYTES));
                sum = even.add(load(at + Lanes.BYTES).add(load(at + 3 * Lanes.BYTES)));
            }
            sum.intoMemorySegment(Raw.MEMORY, lanes + r * Lanes.BYTES, Lanes.ORDER);
        }
        for (int r = 0; r < rows; r += Lanes.COUNT) {
            FoldRows.fold(lanes + r * Lanes.BYTES, out + r * 4L);
        }
    }
}
