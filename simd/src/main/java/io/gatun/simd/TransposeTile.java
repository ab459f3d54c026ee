package io.gatun.simd;

import io.gatun.memory.Raw;
import jdk.incubator.vector.IntVector;

/**
 * Turns tiles of {@link Lanes#COUNT} x COUNT numbers in two passes through L1: log2 COUNT stages swap the off-diagonal
 * halves of squares, two stages on four rows in registers a pass. At 512 bits that is 32 loads and stores each and 64
 * shuffles of two vectors, of which two go in a cycle, for 2 KB moved: no less than 32 cycles, as long as L2 takes to move
 * them (measured: 80, from L2 to L2).
 *
 * <p>Each pass is a call ({@link Inlining}) for a column of tiles: in one compilation they are more than C2 inlines, and what
 * they prepare costs as much as a tile. Steps are arguments, because C2 splits and guards loops whose steps it knows.
 */
final class TransposeTile {
    private static final IntVector LOW1 = half(1, false);
    private static final IntVector HIGH1 = half(1, true);
    private static final IntVector LOW2 = half(2, false);
    private static final IntVector HIGH2 = half(2, true);
    private static final IntVector LOW4 = half(4, false);
    private static final IntVector HIGH4 = half(4, true);
    private static final IntVector LOW8 = half(8, false);
    private static final IntVector HIGH8 = half(8, true);

    /** Tiles of a column, and bytes of scratch for it. */
    static final int TILES = 8;

    static final long BYTES = TILES * Lanes.COUNT * Lanes.BYTES;

    private TransposeTile() {}

    /** Of a pair of rows, the one with the halves of squares of {@code distance} that go to the upper or the lower row. */
    private static IntVector half(int distance, boolean lower) {
        int[] lanes = new int[Lanes.COUNT];
        for (int lane = 0; lane < lanes.length; lane++) {
            int own = lower ? lane | distance : lane & ~distance;
            lanes[lane] = (own + ((lane & distance) != 0 ? Lanes.COUNT : 0)) % (2 * Lanes.COUNT);
        }
        return IntVector.fromArray(Lanes.I, lanes, 0);
    }

    /** {@code to}[j][i] = {@code from}[i][j] for {@code tiles} tiles below each other; strides in bytes. */
    static void column(long from, long fromRow, int tiles, long to, long toRow, long scratch) {
        passRows(from, fromRow, scratch, scratch + tiles * Lanes.COUNT * Lanes.BYTES, 4 * Lanes.BYTES);
        long end = to + tiles * Lanes.BYTES;
        if (Lanes.COUNT == 16) {
            passColumns(scratch, to, end, toRow, Lanes.BYTES);
        } else if (Lanes.COUNT == 8) {
            passHalves(scratch, to, end, toRow, Lanes.BYTES);
        } else {
            passCopy(scratch, to, end, toRow, Lanes.BYTES);
        }
    }

    private static IntVector load(long address) {
        return IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, address, Lanes.ORDER);
    }

    /** Squares of 1 and 2. */
    private static void passRows(long from, long row, long to, long end, long step) {
        long at = from;
        for (; to < end; to += step, at += 4 * row) {
            IntVector x0 = load(at);
            IntVector x1 = load(at + row);
            IntVector x2 = load(at + 2 * row);
            IntVector x3 = load(at + 3 * row);
            IntVector y0 = LOW1.selectFrom(x0, x1);
            IntVector y1 = HIGH1.selectFrom(x0, x1);
            IntVector y2 = LOW1.selectFrom(x2, x3);
            IntVector y3 = HIGH1.selectFrom(x2, x3);
            LOW2.selectFrom(y0, y2).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            LOW2.selectFrom(y1, y3).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            HIGH2.selectFrom(y0, y2).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            HIGH2.selectFrom(y1, y3).intoMemorySegment(Raw.MEMORY, to + 3 * Lanes.BYTES, Lanes.ORDER);
        }
    }

    /** Squares of 4 and 8. */
    private static void passColumns(long from, long to, long end, long row, long step) {
        for (; to < end; to += step, from += 12 * Lanes.BYTES) {
            long at = to;
            for (long stop = to + 4 * row; at < stop; at += row, from += step) {
                IntVector x0 = load(from);
                IntVector x1 = load(from + 4 * Lanes.BYTES);
                IntVector x2 = load(from + 8 * Lanes.BYTES);
                IntVector x3 = load(from + 12 * Lanes.BYTES);
                IntVector y0 = LOW4.selectFrom(x0, x1);
                IntVector y1 = HIGH4.selectFrom(x0, x1);
                IntVector y2 = LOW4.selectFrom(x2, x3);
                IntVector y3 = HIGH4.selectFrom(x2, x3);
                LOW8.selectFrom(y0, y2).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
                LOW8.selectFrom(y1, y3).intoMemorySegment(Raw.MEMORY, at + 4 * row, Lanes.ORDER);
                HIGH8.selectFrom(y0, y2).intoMemorySegment(Raw.MEMORY, at + 8 * row, Lanes.ORDER);
                HIGH8.selectFrom(y1, y3).intoMemorySegment(Raw.MEMORY, at + 12 * row, Lanes.ORDER);
            }
        }
    }

    /** Squares of 4, of 8 x 8. */
    private static void passHalves(long from, long to, long end, long row, long step) {
        for (; to < end; to += step, from += 4 * Lanes.BYTES) {
            long at = to;
            for (long stop = to + 4 * row; at < stop; at += row, from += step) {
                IntVector x0 = load(from);
                IntVector x1 = load(from + 4 * Lanes.BYTES);
                LOW4.selectFrom(x0, x1).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
                HIGH4.selectFrom(x0, x1).intoMemorySegment(Raw.MEMORY, at + 4 * row, Lanes.ORDER);
            }
        }
    }

    private static void passCopy(long from, long to, long end, long row, long step) {
        for (; to < end; to += step) {
            long at = to;
            for (long stop = to + 4 * row; at < stop; at += row, from += step) {
                load(from).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            }
        }
    }
}
