package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** 4 rows x 3 vectors, see {@link SmallTile}: 12 accumulators and 4 more registers; 12 FMAs for 7 loads a step. */
final class SmallTile4x3 extends SmallTile {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;
    private static final long V2 = 2 * Lanes.BYTES;

    SmallTile4x3() {
        super(4, 3);
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
            long a = aFirst + tile * 4 * row;
            FloatVector c0a = zero;
            FloatVector c0b = zero;
            FloatVector c0c = zero;
            FloatVector c1a = zero;
            FloatVector c1b = zero;
            FloatVector c1c = zero;
            FloatVector c2a = zero;
            FloatVector c2b = zero;
            FloatVector c2c = zero;
            FloatVector c3a = zero;
            FloatVector c3b = zero;
            FloatVector c3c = zero;
            for (long b = bFirst; b < bEnd; b += bRow) {
                FloatVector ba = fromMemorySegment(F, MEMORY, b, ORDER);
                FloatVector bb = fromMemorySegment(F, MEMORY, b + V1, ORDER);
                FloatVector bc = fromMemorySegment(F, MEMORY, b + V2, ORDER);
                FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a));
                c0a = x.fma(ba, c0a);
                c0b = x.fma(bb, c0b);
                c0c = x.fma(bc, c0c);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row));
                c1a = x.fma(ba, c1a);
                c1b = x.fma(bb, c1b);
                c1c = x.fma(bc, c1c);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 2 * row));
                c2a = x.fma(ba, c2a);
                c2b = x.fma(bb, c2b);
                c2c = x.fma(bc, c2c);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row3));
                c3a = x.fma(ba, c3a);
                c3b = x.fma(bb, c3b);
                c3c = x.fma(bc, c3c);
                a += aStep;
            }
            long c = cFirst + tile * 4 * cRow;
            c0a.intoMemorySegment(MEMORY, c, ORDER);
            c0b.intoMemorySegment(MEMORY, c + V1, ORDER);
            c0c.intoMemorySegment(MEMORY, c + V2, ORDER);
            c1a.intoMemorySegment(MEMORY, c + cRow, ORDER);
            c1b.intoMemorySegment(MEMORY, c + cRow + V1, ORDER);
            c1c.intoMemorySegment(MEMORY, c + cRow + V2, ORDER);
            c2a.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
            c2b.intoMemorySegment(MEMORY, c + 2 * cRow + V1, ORDER);
            c2c.intoMemorySegment(MEMORY, c + 2 * cRow + V2, ORDER);
            c3a.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
            c3b.intoMemorySegment(MEMORY, c + 3 * cRow + V1, ORDER);
            c3c.intoMemorySegment(MEMORY, c + 3 * cRow + V2, ORDER);
        }
    }
}
