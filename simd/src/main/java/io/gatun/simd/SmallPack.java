package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorSpecies;

/**
 * A panel of B for {@link GemmSmall}, k rows of some whole vectors one behind the other. It is made again for each
 * problem and each piece, so it has to be fast: a B of 64 x 64 stored by columns takes a quarter of its product's time
 * (with {@link Pack#columns} a third), one stored by rows a tenth.
 */
final class SmallPack {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;

    private SmallPack() {}

    /** Of a B stored by rows, which are {@code row} bytes apart; of two to four vectors. */
    static void rows(long from, long row, int k, int width, long to) {
        int vectors = width / Lanes.COUNT;
        for (int i = 0; i < k; i++) {
            copy(from, to);
            copy(from + Lanes.BYTES, to + Lanes.BYTES);
            if (vectors > 2) {
                copy(from + 2 * Lanes.BYTES, to + 2 * Lanes.BYTES);
            }
            if (vectors > 3) {
                copy(from + 3 * Lanes.BYTES, to + 3 * Lanes.BYTES);
            }
            from += row;
            to += vectors * Lanes.BYTES;
        }
    }

    private static void copy(long from, long to) {
        fromMemorySegment(F, MEMORY, from, Lanes.ORDER).intoMemorySegment(MEMORY, to, Lanes.ORDER);
    }

    /** Of a B stored by columns, which are {@code row} bytes apart; in squares of vectors, the last of k by floats. */
    static void columns(long from, long row, int k, int width, long to, long scratch) {
        long toRow = 4L * width;
        int tiles = width / Lanes.COUNT;
        int whole = F.loopBound(k);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            TransposeTile.column(from + 4L * i, row, tiles, to + i * toRow, toRow, scratch);
        }
        if (whole < k) {
            for (int column = 0; column < width; column++) {
                rest(from + column * row + 4L * whole, k - whole, to + whole * toRow + 4L * column, toRow);
            }
        }
    }

    private static void rest(long from, int count, long to, long toRow) {
        for (int i = 0; i < count; i++) {
            MEMORY.set(JAVA_FLOAT_UNALIGNED, to + i * toRow, MEMORY.get(JAVA_FLOAT_UNALIGNED, from + 4L * i));
        }
    }

    /** Bytes that {@link #columns} needs for panels of so many vectors. */
    static long scratchBytes(int vectors) {
        return vectors * Lanes.COUNT * Lanes.BYTES;
    }
}
