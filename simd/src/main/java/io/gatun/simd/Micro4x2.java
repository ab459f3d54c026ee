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
 * 4 rows x 2 vectors, for what is left below 8; the contract is {@link Micro}'s. 8 chains of 4 cycles for two FMA ports: just enough.
 */
final class Micro4x2 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    Micro4x2() {
        super(4, 2);
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
        FloatVector c0b = zero;
        FloatVector c1a = zero;
        FloatVector c1b = zero;
        FloatVector c2a = zero;
        FloatVector c2b = zero;
        FloatVector c3a = zero;
        FloatVector c3b = zero;
        long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
        long bEnd = b0 + s.segments() * s.steps() * bStep;
        long left = s.steps();
        for (long b = b0; b < bEnd; b += bStep) {
            long bHere = b & ADDRESS;
            long aHere = a & ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector bb = fromMemorySegment(F, MEMORY, bHere + V1, ORDER);
            FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere));
            c0a = x.fma(ba, c0a);
            c0b = x.fma(bb, c0b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row));
            c1a = x.fma(ba, c1a);
            c1b = x.fma(bb, c1b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 2 * row));
            c2a = x.fma(ba, c2a);
            c2b = x.fma(bb, c2b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row3));
            c3a = x.fma(ba, c3a);
            c3b = x.fma(bb, c3b);
            a += aStep;
            if (--left == 0) {
                offsets = (offsets + 8) & ADDRESS;
                a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
                left = s.steps();
            }
        }
        c0a.intoMemorySegment(MEMORY, c, ORDER);
        c0b.intoMemorySegment(MEMORY, c + V1, ORDER);
        c1a.intoMemorySegment(MEMORY, c + cRow, ORDER);
        c1b.intoMemorySegment(MEMORY, c + cRow + V1, ORDER);
        c2a.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
        c2b.intoMemorySegment(MEMORY, c + 2 * cRow + V1, ORDER);
        c3a.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
        c3b.intoMemorySegment(MEMORY, c + 3 * cRow + V1, ORDER);
    }
}
