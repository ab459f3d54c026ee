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
 * 12 rows x 1 vector; the contract is {@link Micro}'s. 12 FMAs for 13 loads a step, so the load ports are the limit.
 */
final class Micro12x1 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    Micro12x1() {
        super(12, 1);
    }

    @Override
    void run(Strides s, long a0, long b0, long c, long cRow) {
        long row = s.aRow() & STEP;
        long row3 = 3 * row;
        long aStep = s.aStep();
        long bStep = s.bStep();
        long offsets = s.offsets() & ADDRESS;
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0a = zero;
        FloatVector c1a = zero;
        FloatVector c2a = zero;
        FloatVector c3a = zero;
        FloatVector c4a = zero;
        FloatVector c5a = zero;
        FloatVector c6a = zero;
        FloatVector c7a = zero;
        FloatVector c8a = zero;
        FloatVector c9a = zero;
        FloatVector c10a = zero;
        FloatVector c11a = zero;
        long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
        long bEnd = b0 + s.segments() * s.steps() * bStep;
        long left = s.steps();
        for (long b = b0; b < bEnd; b += bStep) {
            long bHere = b & ADDRESS;
            long aHere = a & ADDRESS;
            long a4 = (a + 4 * row) & ADDRESS;
            long a8 = (a + 8 * row) & ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere));
            c0a = x.fma(ba, c0a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row));
            c1a = x.fma(ba, c1a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 2 * row));
            c2a = x.fma(ba, c2a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row3));
            c3a = x.fma(ba, c3a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4));
            c4a = x.fma(ba, c4a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row));
            c5a = x.fma(ba, c5a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + 2 * row));
            c6a = x.fma(ba, c6a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row3));
            c7a = x.fma(ba, c7a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a8));
            c8a = x.fma(ba, c8a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + row));
            c9a = x.fma(ba, c9a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + 2 * row));
            c10a = x.fma(ba, c10a);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + row3));
            c11a = x.fma(ba, c11a);
            a += aStep;
            if (--left == 0) {
                offsets = (offsets + 8) & ADDRESS;
                a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
                left = s.steps();
            }
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
