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
 * 12 rows x 1 vector; the contract is {@link Micro}'s. The tile for a panel of one vector where there are 16 registers.
 */
final class Micro12x1 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    Micro12x1() {
        super(12, 1);
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
        FloatVector c1a = FloatVector.zero(F);
        FloatVector c2a = FloatVector.zero(F);
        FloatVector c3a = FloatVector.zero(F);
        FloatVector c4a = FloatVector.zero(F);
        FloatVector c5a = FloatVector.zero(F);
        FloatVector c6a = FloatVector.zero(F);
        FloatVector c7a = FloatVector.zero(F);
        FloatVector c8a = FloatVector.zero(F);
        FloatVector c9a = FloatVector.zero(F);
        FloatVector c10a = FloatVector.zero(F);
        FloatVector c11a = FloatVector.zero(F);
        for (; offsets < offsetsEnd; offsets += 8) {
            long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
            long bEnd = b + s.steps() * bStep;
            for (; b < bEnd; b += bStep) {
                FloatVector ba = fromMemorySegment(F, MEMORY, b, ORDER);
                FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a));
                c0a = x.fma(ba, c0a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row));
                c1a = x.fma(ba, c1a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 2 * row));
                c2a = x.fma(ba, c2a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 3 * row));
                c3a = x.fma(ba, c3a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 4 * row));
                c4a = x.fma(ba, c4a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 5 * row));
                c5a = x.fma(ba, c5a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 6 * row));
                c6a = x.fma(ba, c6a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 7 * row));
                c7a = x.fma(ba, c7a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 8 * row));
                c8a = x.fma(ba, c8a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 9 * row));
                c9a = x.fma(ba, c9a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 10 * row));
                c10a = x.fma(ba, c10a);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 11 * row));
                c11a = x.fma(ba, c11a);
                a += aStep;
            }
        }
        if (add) {
            c0a = c0a.add(fromMemorySegment(F, MEMORY, c, ORDER));
            c1a = c1a.add(fromMemorySegment(F, MEMORY, c + cRow, ORDER));
            c2a = c2a.add(fromMemorySegment(F, MEMORY, c + 2 * cRow, ORDER));
            c3a = c3a.add(fromMemorySegment(F, MEMORY, c + 3 * cRow, ORDER));
            c4a = c4a.add(fromMemorySegment(F, MEMORY, c + 4 * cRow, ORDER));
            c5a = c5a.add(fromMemorySegment(F, MEMORY, c + 5 * cRow, ORDER));
            c6a = c6a.add(fromMemorySegment(F, MEMORY, c + 6 * cRow, ORDER));
            c7a = c7a.add(fromMemorySegment(F, MEMORY, c + 7 * cRow, ORDER));
            c8a = c8a.add(fromMemorySegment(F, MEMORY, c + 8 * cRow, ORDER));
            c9a = c9a.add(fromMemorySegment(F, MEMORY, c + 9 * cRow, ORDER));
            c10a = c10a.add(fromMemorySegment(F, MEMORY, c + 10 * cRow, ORDER));
            c11a = c11a.add(fromMemorySegment(F, MEMORY, c + 11 * cRow, ORDER));
        }
        c0a.intoMemorySegment(MEMORY, c, ORDER);
        c1a.intoMemorySegment(MEMORY, c + cRow, ORDER);
        c2a.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
        c3a.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
        c4a.intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
        c5a.intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
        c6a.intoMemorySegment(MEMORY, c + 6 * cRow, ORDER);
        c7a.intoMemorySegment(MEMORY, c + 7 * cRow, ORDER);
        c8a.intoMemorySegment(MEMORY, c + 8 * cRow, ORDER);
        c9a.intoMemorySegment(MEMORY, c + 9 * cRow, ORDER);
        c10a.intoMemorySegment(MEMORY, c + 10 * cRow, ORDER);
        c11a.intoMemorySegment(MEMORY, c + 11 * cRow, ORDER);
    }
}
