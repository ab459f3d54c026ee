package io.gatun.simd;

import static io.gatun.simd.LanePairs.M1;
import static io.gatun.simd.LanePairs.M2;
import static io.gatun.simd.LanePairs.M4;
import static io.gatun.simd.LanePairs.M8;
import static io.gatun.simd.LanePairs.X1;
import static io.gatun.simd.LanePairs.X2;
import static io.gatun.simd.LanePairs.X4;
import static io.gatun.simd.LanePairs.X8;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns a square of {@link Lanes#COUNT} x {@link Lanes#COUNT} floats: log2 stages, each of which swaps the off-diagonal
 * halves of 2s x 2s squares, on pairs of rows. Half an instruction a float, where single moves take four.
 */
final class Transpose {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Transpose() {}

    /** {@code to}[j][i] = {@code from}[i][j]; strides in bytes. */
    static void square(long from, long fromRow, long to, long toRow) {
        for (int i = 0; i < Lanes.COUNT; i += 2) {
            swap1(from + i * fromRow, from + (i + 1) * fromRow, to + i * toRow, to + (i + 1) * toRow);
        }
        for (int i = 0; i < Lanes.COUNT; i += (i & 1) == 0 ? 1 : 3) {
            swap2(to + i * toRow, to + (i + 2) * toRow);
        }
        if (Lanes.COUNT > 4) {
            for (int i = 0; i < Lanes.COUNT; i += (i & 3) < 3 ? 1 : 5) {
                swap4(to + i * toRow, to + (i + 4) * toRow);
            }
        }
        if (Lanes.COUNT > 8) {
            for (int i = 0; i < 8; i++) {
                swap8(to + i * toRow, to + (i + 8) * toRow);
            }
        }
    }

    // One method for each distance: C2 folds shuffles and masks that are constants, and boxes those that are arguments.

    private static void swap1(long a, long b, long toA, long toB) {
        FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
        FloatVector y = fromMemorySegment(F, MEMORY, b, ORDER);
        x.blend(y.rearrange(X1), M1).intoMemorySegment(MEMORY, toA, ORDER);
        x.rearrange(X1).blend(y, M1).intoMemorySegment(MEMORY, toB, ORDER);
    }

    private static void swap2(long a, long b) {
        FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
        FloatVector y = fromMemorySegment(F, MEMORY, b, ORDER);
        x.blend(y.rearrange(X2), M2).intoMemorySegment(MEMORY, a, ORDER);
        x.rearrange(X2).blend(y, M2).intoMemorySegment(MEMORY, b, ORDER);
    }

    private static void swap4(long a, long b) {
        FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
        FloatVector y = fromMemorySegment(F, MEMORY, b, ORDER);
        x.blend(y.rearrange(X4), M4).intoMemorySegment(MEMORY, a, ORDER);
        x.rearrange(X4).blend(y, M4).intoMemorySegment(MEMORY, b, ORDER);
    }

    private static void swap8(long a, long b) {
        FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
        FloatVector y = fromMemorySegment(F, MEMORY, b, ORDER);
        x.blend(y.rearrange(X8), M8).intoMemorySegment(MEMORY, a, ORDER);
        x.rearrange(X8).blend(y, M8).intoMemorySegment(MEMORY, b, ORDER);
    }
}
