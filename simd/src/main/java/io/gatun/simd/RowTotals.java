package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Totals of rows that have 16 or 64 running sums each, 16 with the bits of {@link Sums#fold}: a fold alone is a chain of some 20
 * cycles, {@link FoldRows} does a vector of rows in 4 or 5 instructions each. Of 64, sums j, j + 16, j + 32 and j + 48 are added
 * in pairs first.
 */
final class RowTotals {
    private static final VectorLoop FROM_16 = new VectorLoop(MethodHandles.lookup(), "from16");
    private static final VectorLoop FROM_64 = new VectorLoop(MethodHandles.lookup(), "from64");
    private static final VectorLoop FEW = new VectorLoop(MethodHandles.lookup(), "few");
    private static final VectorLoop VECTORS = new VectorLoop(MethodHandles.lookup(), "vectors");

    private RowTotals() {}

    /** Floats of scratch memory and of results for so many rows, as vectors need them. */
    static int rounded(int rows) {
        return (rows + 15) / 16 * 16;
    }

    /**
     * The totals of {@code rows} rows to {@code out}, {@link #rounded}.
     *
     * @param sums the first row's 16 sums; the next row's are {@code stride} bytes behind
     * @param lanes 16 {@link #rounded} floats
     */
    static void of16(long sums, int stride, int rows, long lanes, long out) {
        if (rows <= Lanes.COUNT / 4) {
            FEW.run(sums, out, stride, rows, 0);
        } else {
            FROM_16.run(sums, lanes, stride, rows, 0);
            VECTORS.run(lanes, out, 0, rows, 0);
        }
    }

    /** As {@link #of16} for rows of 64 sums that lie next to each other; their first 16 are overwritten. */
    static void of64(long sums, int rows, long lanes, long out) {
        FROM_64.run(sums, 0, 0, rows, 0);
        of16(sums, 256, rows, lanes, out);
    }

    /** Of a vector of running sums for each row at {@code lanes}; {@code rows} is a multiple of 16. */
    static void folded(long lanes, int rows, long out) {
        VECTORS.run(lanes, out, 0, rows, 0);
    }

    private static void from64(long sums, long unused, long no, int rows, float parameter) {
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < 16; j += Lanes.COUNT) {
                long at = sums + r * 256L + 4L * j;
                FloatVector low = load(at).add(load(at + 64));
                low.add(load(at + 128).add(load(at + 192))).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            }
        }
    }

    /** 16 sums of each row to a vector. */
    private static void from16(long sums, long lanes, long stride, int rows, float parameter) {
        for (int r = 0; r < rows; r++) {
            long at = sums + r * stride;
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
    }

    private static void few(long sums, long out, long stride, int rows, float parameter) {
        for (int r = 0; r < rows; r++) {
            Raw.f32(out, r, Sums.fold(sums + r * stride));
        }
    }

    private static void vectors(long lanes, long out, long unused, int rows, float parameter) {
        for (int r = 0; r < rows; r += Lanes.COUNT) {
            FoldRows.fold(lanes + r * Lanes.BYTES, out + r * 4L);
        }
    }
}
