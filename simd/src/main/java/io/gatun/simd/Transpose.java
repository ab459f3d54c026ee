package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns a square of {@link Lanes#COUNT} x {@link Lanes#COUNT} floats: log2 stages, each of which swaps the off-diagonal
 * halves of 2s x 2s squares, on pairs of rows. Half an instruction a float, where single moves take four.
 */
final class Transpose {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private static final VectorShuffle<Float> X1 = partner(1);
    private static final VectorShuffle<Float> X2 = partner(2);
    private static final VectorShuffle<Float> X4 = partner(4);
    private static final VectorShuffle<Float> X8 = partner(8);
    private static final VectorMask<Float> M1 = upper(1);
    private static final VectorMask<Float> M2 = upper(2);
    private static final VectorMask<Float> M4 = upper(4);
    private static final VectorMask<Float> M8 = upper(8);

    private Transpose() {}

    private static VectorShuffle<Float> partner(int distance) {
        return VectorShuffle.fromOp(F, lane -> (lane ^ distance) % Lanes.COUNT);
    }

    private static VectorMask<Float> upper(int distance) {
        boolean[] set = new boolean[Lanes.COUNT];
        for (int lane = 0; lane < set.length; lane++) {
            set[lane] = (lane & distance) != 0;
        }
        return VectorMask.fromArray(F, set, 0);
    }

    /** {@code to}[j][i] = {@code from}[i][j]; strides in bytes. */
    static void square(long from, long fromRow, long to, long toRow) {
        for (int i = 0; i < Lanes.COUNT; i += 2) {
            swap(from + i * fromRow, from + (i + 1) * fromRow, to + i * toRow, to + (i + 1) * toRow, X1, M1);
        }
        stage(to, toRow, 2, X2, M2);
        if (Lanes.COUNT > 4) {
            stage(to, toRow, 4, X4, M4);
        }
        if (Lanes.COUNT > 8) {
            stage(to, toRow, 8, X8, M8);
        }
    }

    private static void stage(long at, long row, int distance, VectorShuffle<Float> partner, VectorMask<Float> upper) {
        for (int block = 0; block < Lanes.COUNT; block += 2 * distance) {
            for (int i = block; i < block + distance; i++) {
                long a = at + i * row;
                long b = at + (i + distance) * row;
                swap(a, b, a, b, partner, upper);
            }
        }
    }

    private static void swap(
            long a, long b, long toA, long toB, VectorShuffle<Float> partner, VectorMask<Float> upper) {
        FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
        FloatVector y = fromMemorySegment(F, MEMORY, b, ORDER);
        x.blend(y.rearrange(partner), upper).intoMemorySegment(MEMORY, toA, ORDER);
        x.rearrange(partner).blend(y, upper).intoMemorySegment(MEMORY, toB, ORDER);
    }
}
