package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 12 rows x 2 vectors; the contract is {@link Micro}'s. The tile for a panel of two vectors: 24 accumulators, 24 FMAs for 14 loads a step.
 */
final class Micro12x2 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    Micro12x2() {
        super(12, 2);
    }

    @Override
    void run(Strides s, long a0, long b0, long c, long cRow, boolean add) {
        long row = s.aRow();
        long aStep = s.aStep();
        long bStep = s.bStep();
        long offsets = s.offsets();
        long offsetsEnd = offsets + 8L * s.segments();
        long b = b0;
        FloatVector c0a = FloatVector.zero(F);
        FloatVector c0b = FloatVector.zero(F);
        FloatVector c1a = FloatVector.zero(F);
        FloatVector c1b = FloatVector.zero(F);
        FloatVector c2a = FloatVector.zero(F);
        FloatVector c2b = FloatVector.zero(F);
        FloatVector c3a = FloatVector.zero(F);
        FloatVector c3b = FloatVector.zero(F);
        FloatVector c4a = FloatVector.zero(F);
        FloatVector c4b = FloatVector.zero(F);
        FloatVector c5a = FloatVector.zero(F);
        FloatVector c5b = FloatVector.zero(F);
        FloatVector c6a = FloatVector.zero(F);
        FloatVector c6b = FloatVector.zero(F);
        FloatVector c7a = FloatVector.zero(F);
        FloatVector c7b = FloatVector.zero(F);
        FloatVector c8a = FloatVector.zero(F);
        FloatVector c8b = FloatVector.zero(F);
        FloatVector c9a = FloatVector.zero(F);
        FloatVector c9b = FloatVector.zero(F);
        FloatVector c10a = FloatVector.zero(F);
        FloatVector c10b = FloatVector.zero(F);
        FloatVector c11a = FloatVector.zero(F);
        FloatVector c11b = FloatVector.zero(F);
        for (; offsets < offsetsEnd; offsets += 8) {
            long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
            long bEnd = b + s.steps() * bStep;
            for (; b < bEnd; b += bStep) {
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
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 3 * row));
                c3a = x.fma(ba, c3a);
                c3b = x.fma(bb, c3b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 4 * row));
                c4a = x.fma(ba, c4a);
                c4b = x.fma(bb, c4b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 5 * row));
                c5a = x.fma(ba, c5a);
                c5b = x.fma(bb, c5b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 6 * row));
                c6a = x.fma(ba, c6a);
                c6b = x.fma(bb, c6b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 7 * row));
                c7a = x.fma(ba, c7a);
                c7b = x.fma(bb, c7b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 8 * row));
                c8a = x.fma(ba, c8a);
                c8b = x.fma(bb, c8b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 9 * row));
                c9a = x.fma(ba, c9a);
                c9b = x.fma(bb, c9b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 10 * row));
                c10a = x.fma(ba, c10a);
                c10b = x.fma(bb, c10b);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 11 * row));
                c11a = x.fma(ba, c11a);
                c11b = x.fma(bb, c11b);
                a += aStep;
            }
        }
        if (add) {
            c0a = c0a.add(fromMemorySegment(F, MEMORY, c, ORDER));
            c0b = c0b.add(fromMemorySegment(F, MEMORY, c + V1, ORDER));
            c1a = c1a.add(fromMemorySegment(F, MEMORY, c + cRow, ORDER));
            c1b = c1b.add(fromMemorySegment(F, MEMORY, c + cRow + V1, ORDER));
            c2a = c2a.add(fromMemorySegment(F, MEMORY, c + 2 * cRow, ORDER));
            c2b = c2b.add(fromMemorySegment(F, MEMORY, c + 2 * cRow + V1, ORDER));
            c3a = c3a.add(fromMemorySegment(F, MEMORY, c + 3 * cRow, ORDER));
            c3b = c3b.add(fromMemorySegment(F, MEMORY, c + 3 * cRow + V1, ORDER));
            c4a = c4a.add(fromMemorySegment(F, MEMORY, c + 4 * cRow, ORDER));
            c4b = c4b.add(fromMemorySegment(F, MEMORY, c + 4 * cRow + V1, ORDER));
            c5a = c5a.add(fromMemorySegment(F, MEMORY, c + 5 * cRow, ORDER));
            c5b = c5b.add(fromMemorySegment(F, MEMORY, c + 5 * cRow + V1, ORDER));
            c6a = c6a.add(fromMemorySegment(F, MEMORY, c + 6 * cRow, ORDER));
            c6b = c6b.add(fromMemorySegment(F, MEMORY, c + 6 * cRow + V1, ORDER));
            c7a = c7a.add(fromMemorySegment(F, MEMORY, c + 7 * cRow, ORDER));
            c7b = c7b.add(fromMemorySegment(F, MEMORY, c + 7 * cRow + V1, ORDER));
            c8a = c8a.add(fromMemorySegment(F, MEMORY, c + 8 * cRow, ORDER));
            c8b = c8b.add(fromMemorySegment(F, MEMORY, c + 8 * cRow + V1, ORDER));
            c9a = c9a.add(fromMemorySegment(F, MEMORY, c + 9 * cRow, ORDER));
            c9b = c9b.add(fromMemorySegment(F, MEMORY, c + 9 * cRow + V1, ORDER));
            c10a = c10a.add(fromMemorySegment(F, MEMORY, c + 10 * cRow, ORDER));
            c10b = c10b.add(fromMemorySegment(F, MEMORY, c + 10 * cRow + V1, ORDER));
            c11a = c11a.add(fromMemorySegment(F, MEMORY, c + 11 * cRow, ORDER));
            c11b = c11b.add(fromMemorySegment(F, MEMORY, c + 11 * cRow + V1, ORDER));
        }
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
        c8a.intoMemorySegment(MEMORY, c + 8 * cRow, ORDER);
        c8b.intoMemorySegment(MEMORY, c + 8 * cRow + V1, ORDER);
        c9a.intoMemorySegment(MEMORY, c + 9 * cRow, ORDER);
        c9b.intoMemorySegment(MEMORY, c + 9 * cRow + V1, ORDER);
        c10a.intoMemorySegment(MEMORY, c + 10 * cRow, ORDER);
        c10b.intoMemorySegment(MEMORY, c + 10 * cRow + V1, ORDER);
        c11a.intoMemorySegment(MEMORY, c + 11 * cRow, ORDER);
        c11b.intoMemorySegment(MEMORY, c + 11 * cRow + V1, ORDER);
    }
}
