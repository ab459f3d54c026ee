package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 8 rows x 2 vectors, see {@link SmallTile}: 16 accumulators and 3 more registers; 16 FMAs for 10 loads a step. */
final class SmallTile8x2 extends SmallTile {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    SmallTile8x2() {
        super(8, 2);
    }

    @Override
    void run(Walk walk, long aFirst, long bFirst, long cFirst, int tiles) {
        long row = walk.aRow();
        long row3 = 3 * row;
        long aStep = walk.aStep();
        long bRow = walk.bRow();
        long bEnd = bFirst + walk.k() * bRow;
        long cRow = walk.cRow();
        FloatVector zero = FloatVector.zero(F);
        for (int tile = 0; tile < tiles; tile++) {
            long a = aFirst + tile * 8 * row;
            long a4 = a + 4 * row;
            FloatVector c0a = zero;
            FloatVector c0b = zero;
            FloatVector c1a = zero;
            FloatVector c1b = zero;
            FloatVector c2a = zero;
            FloatVector c2b = zero;
            FloatVector c3a = zero;
            FloatVector c3b = zero;
            FloatVector c4a = zero;
            FloatVector c4b = zero;
            FloatVector c5a = zero;
            FloatVector c5b = zero;
            FloatVector c6a = zero;
            FloatVector c6b = zero;
            FloatVector c7a = zero;
            FloatVector c7b = zero;
            for (long b = bFirst; b < bEnd; b += bRow) {
                FloatVector ba = fromMemorySegment(F, MEMORY, b, ORDER);
                FloatVector bb = fromMemorySegment(F, MEMORY, b + V1, ORDER);
                FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a));
                c0a = x.fma(ba, c0a);
                c0b = x.fma(bb, c0b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row));
                c1a = x.fma(ba, c1a);
                c1b = x.fma(bb, c1b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 2 * row));
                c2a = x.fma(ba, c2a);
                c2b = x.fma(bb, c2b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row3));
                c3a = x.fma(ba, c3a);
                c3b = x.fma(bb, c3b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4));
                c4a = x.fma(ba, c4a);
                c4b = x.fma(bb, c4b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row));
                c5a = x.fma(ba, c5a);
                c5b = x.fma(bb, c5b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + 2 * row));
                c6a = x.fma(ba, c6a);
                c6b = x.fma(bb, c6b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row3));
                c7a = x.fma(ba, c7a);
                c7b = x.fma(bb, c7b);
                a += aStep;
                a4 += aStep;
            }
            long c = cFirst + tile * 8 * cRow;
            c0a.intoMemorySegment(MEMORY, c, ORDER);
            c0b.intoMemorySegment(MEMORY, c + V1, ORDER);
            c1a.intoMemorySegment(MEMORY, c + cRow, ORDER);
            c1b.intoMemorySegment(MEMORY, c + cRow + V1, ORDER);
            c2a.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
            c2b.intoMemorySegment(MEMORY, c + 2 * cRow + V1, ORDER);
            c3a.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
            c3b.intoMemorySegment(MEMORY, c + 3 * cRow + V1, ORDER);
            c4a.intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
            c4b.intoMemorySegment(MEMORY, c + 4 * cRow + V1, ORDER);
            c5a.intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
            c5b.intoMemorySegment(MEMORY, c + 5 * cRow + V1, ORDER);
            c6a.intoMemorySegment(MEMORY, c + 6 * cRow, ORDER);
            c6b.intoMemorySegment(MEMORY, c + 6 * cRow + V1, ORDER);
            c7a.intoMemorySegment(MEMORY, c + 7 * cRow, ORDER);
            c7b.intoMemorySegment(MEMORY, c + 7 * cRow + V1, ORDER);
        }
    }
}
