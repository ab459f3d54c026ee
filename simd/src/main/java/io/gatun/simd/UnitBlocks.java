package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * How a recurrent layer keeps [rows, units] for itself: in blocks of {@link #WIDTH} units, [block, rows, WIDTH], zeros
 * behind the last. A block is what one thread computes from the products to the new state, so its values lie next to each
 * other, in that core's cache, and every loop over them is a whole number of vectors.
 */
final class UnitBlocks {
    static final int WIDTH = PanelProduct.WIDTH;

    /** Bytes of a row of a block. */
    static final long ROW = 4L * WIDTH;

    /** Rows that go through a block's products and cell at a time: the gates of 32 rows are 16 KB. */
    private static final int MOST_ROWS = 32;

    private static final VectorLoop ADD = new VectorLoop(MethodHandles.lookup(), "add");
    private static final VectorLoop BIASED = new VectorLoop(MethodHandles.lookup(), "biased");

    final int rows;
    final int units;
    final int count;

    UnitBlocks(int rows, int units) {
        this.rows = rows;
        this.units = units;
        this.count = Math.ceilDiv(units, WIDTH);
    }

    /** Rows of a part at most; parts are about as large, so that none has fewer rows than a tile unless all have. */
    static int rowsPerPart(int rows) {
        return rows == 0 ? 1 : Math.ceilDiv(rows, Math.ceilDiv(rows, MOST_ROWS));
    }

    int columns(int block) {
        return Math.min(WIDTH, units - block * WIDTH);
    }

    long bytes() {
        return ROW * rows * count;
    }

    /** Where a row of a block begins. */
    long at(int block, int row) {
        return ROW * ((long) block * rows + row);
    }

    /** From rows of {@code units} floats. */
    void gather(long from, long to) {
        for (int block = 0; block < count; block++) {
            gather(from, block, rows, to + at(block, 0));
        }
    }

    /** One block of so many rows. */
    void gather(long from, int block, int count, long to) {
        Pack.rows(from + ROW * block, 4L * units, count, columns(block), WIDTH, to);
    }

    /** To rows of {@code units} floats. */
    void scatter(long from, long to) {
        for (int block = 0; block < count; block++) {
            scatter(from + at(block, 0), block, rows, to);
        }
    }

    /** One block of so many rows. */
    void scatter(long from, int block, int count, long to) {
        int columns = columns(block);
        long at = to + ROW * block;
        long step = 4L * units;
        if (columns == WIDTH) {
            pairs(from, count, at, step);
            return;
        }
        for (int r = 0; r < count; r++) {
            Pack.move(from + r * ROW, at + r * step, columns);
        }
    }

    private static void pairs(long from, int count, long to, long step) {
        long end = from + count * ROW;
        for (; from < end; from += ROW, to += step) {
            FloatVector a = load(from);
            FloatVector b = load(from + Lanes.BYTES);
            a.intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            b.intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
        }
    }

    /** to += from, {@code count} rows of a block. */
    static void add(long from, long to, int count) {
        ADD.run(from, to, to, count * WIDTH, 0);
    }

    private static void add(long a, long b, long to, int n, float parameter) {
        for (long i = 0; i < 4L * n; i += Lanes.BYTES) {
            load(b + i).add(load(a + i)).intoMemorySegment(Raw.MEMORY, to + i, Lanes.ORDER);
        }
    }

    /** to = bias + from, {@code count} rows of a block; the bias is one. */
    static void biased(long from, long bias, long to, int count) {
        BIASED.run(from, bias, to, count, 0);
    }

    private static void biased(long from, long bias, long to, int count, float parameter) {
        FloatVector first = load(bias);
        FloatVector second = load(bias + Lanes.BYTES);
        for (long at = 0; at < count * ROW; at += ROW) {
            first.add(load(from + at)).intoMemorySegment(Raw.MEMORY, to + at, Lanes.ORDER);
            second.add(load(from + at + Lanes.BYTES)).intoMemorySegment(Raw.MEMORY, to + at + Lanes.BYTES, Lanes.ORDER);
        }
    }
}
