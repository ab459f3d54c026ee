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
 * 6 rows x 3 vectors; the contract is {@link Micro}'s. 18 accumulators and 4 more registers; 18 FMAs for 9 loads a step.
 */
final class Micro6x3 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;
    private static final long V2 = 2 * Lanes.BYTES;

    Micro6x3() {
        super(6, 3);
    }

    @Override
    void run(Strides s, long a0, long b0, long c, long cRow) {
        long row = s.aRow() & STEP;
        long row3 = 3 * row;
        long row5 = 5 * row;
        long aStep = s.aStep();
        long bStep = s.bStep();
        long offsets = s.offsets() & ADDRESS;
        FloatVector zero = FloatVector.zero(F);
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
        FloatVector c4a = zero;
        FloatVector c4b = zero;
        FloatVector c4c = zero;
        FloatVector c5a = zero;
        FloatVector c5b = zero;
        FloatVector c5c = zero;
        long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
        long bEnd = b0 + s.segments() * s.steps() * bStep;
        long left = s.steps();
        for (long b = b0; b < bEnd; b += bStep) {
            long bHere = b & ADDRESS;
            long aHere = a & ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector bb = fromMemorySegment(F, MEMORY, bHere + V1, ORDER);
            FloatVector bc = fromMemorySegment(F, MEMORY, bHere + V2, ORDER);
            FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere));
            c0a = x.fma(ba, c0a);
            c0b = x.fma(bb, c0b);
            c0c = x.fma(bc, c0c);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row));
            c1a = x.fma(ba, c1a);
            c1b = x.fma(bb, c1b);
            c1c = x.fma(bc, c1c);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 2 * row));
            c2a = x.fma(ba, c2a);
            c2b = x.fma(bb, c2b);
            c2c = x.fma(bc, c2c);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row3));
            c3a = x.fma(ba, c3a);
            c3b = x.fma(bb, c3b);
            c3c = x.fma(bc, c3c);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 4 * row));
            c4a = x.fma(ba, c4a);
            c4b = x.fma(bb, c4b);
            c4c = x.fma(bc, c4c);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row5));
            c5a = x.fma(ba, c5a);
            c5b = x.fma(bb, c5b);
            c5c = x.fma(bc, c5c);
            a += aStep;
            if (--left == 0) {
                offsets = (offsets + 8) & ADDRESS;
                a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
                left = s.steps();
            }
        }
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
        c4a.intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
        c4b.intoMemorySegment(MEMORY, c + 4 * cRow + V1, ORDER);
        c4c.intoMemorySegment(MEMORY, c + 4 * cRow + V2, ORDER);
        c5a.intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
        c5b.intoMemorySegment(MEMORY, c + 5 * cRow + V1, ORDER);
        c5c.intoMemorySegment(MEMORY, c + 5 * cRow + V2, ORDER);
    }
}
