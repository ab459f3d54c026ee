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
 * 5 rows x 4 vectors; the contract is {@link Micro}'s. 20 accumulators, 4 vectors of B and a broadcast: 25 of 32 registers.
 * 20 FMAs for 9 loads a step, so the FMA ports are the limit.
 */
final class Micro5x4 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;
    private static final long V2 = 2 * Lanes.BYTES;
    private static final long V3 = 3 * Lanes.BYTES;

    Micro5x4() {
        super(5, 4);
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
        FloatVector c0c = zero;
        FloatVector c0d = zero;
        FloatVector c1a = zero;
        FloatVector c1b = zero;
        FloatVector c1c = zero;
        FloatVector c1d = zero;
        FloatVector c2a = zero;
        FloatVector c2b = zero;
        FloatVector c2c = zero;
        FloatVector c2d = zero;
        FloatVector c3a = zero;
        FloatVector c3b = zero;
        FloatVector c3c = zero;
        FloatVector c3d = zero;
        FloatVector c4a = zero;
        FloatVector c4b = zero;
        FloatVector c4c = zero;
        FloatVector c4d = zero;
        long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
        long bEnd = b0 + s.segments() * s.steps() * bStep;
        long left = s.steps();
        for (long b = b0; b < bEnd; b += bStep) {
            long bHere = b & ADDRESS;
            long aHere = a & ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector bb = fromMemorySegment(F, MEMORY, bHere + V1, ORDER);
            FloatVector bc = fromMemorySegment(F, MEMORY, bHere + V2, ORDER);
            FloatVector bd = fromMemorySegment(F, MEMORY, bHere + V3, ORDER);
            FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere));
            c0a = x.fma(ba, c0a);
            c0b = x.fma(bb, c0b);
            c0c = x.fma(bc, c0c);
            c0d = x.fma(bd, c0d);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row));
            c1a = x.fma(ba, c1a);
            c1b = x.fma(bb, c1b);
            c1c = x.fma(bc, c1c);
            c1d = x.fma(bd, c1d);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 2 * row));
            c2a = x.fma(ba, c2a);
            c2b = x.fma(bb, c2b);
            c2c = x.fma(bc, c2c);
            c2d = x.fma(bd, c2d);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row3));
            c3a = x.fma(ba, c3a);
            c3b = x.fma(bb, c3b);
            c3c = x.fma(bc, c3c);
            c3d = x.fma(bd, c3d);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 4 * row));
            c4a = x.fma(ba, c4a);
            c4b = x.fma(bb, c4b);
            c4c = x.fma(bc, c4c);
            c4d = x.fma(bd, c4d);
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
        c0d.intoMemorySegment(MEMORY, c + V3, ORDER);
        c1a.intoMemorySegment(MEMORY, c + cRow, ORDER);
        c1b.intoMemorySegment(MEMORY, c + cRow + V1, ORDER);
        c1c.intoMemorySegment(MEMORY, c + cRow + V2, ORDER);
        c1d.intoMemorySegment(MEMORY, c + cRow + V3, ORDER);
        c2a.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
        c2b.intoMemorySegment(MEMORY, c + 2 * cRow + V1, ORDER);
        c2c.intoMemorySegment(MEMORY, c + 2 * cRow + V2, ORDER);
        c2d.intoMemorySegment(MEMORY, c + 2 * cRow + V3, ORDER);
        c3a.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
        c3b.intoMemorySegment(MEMORY, c + 3 * cRow + V1, ORDER);
        c3c.intoMemorySegment(MEMORY, c + 3 * cRow + V2, ORDER);
        c3d.intoMemorySegment(MEMORY, c + 3 * cRow + V3, ORDER);
        c4a.intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
        c4b.intoMemorySegment(MEMORY, c + 4 * cRow + V1, ORDER);
        c4c.intoMemorySegment(MEMORY, c + 4 * cRow + V2, ORDER);
        c4d.intoMemorySegment(MEMORY, c + 4 * cRow + V3, ORDER);
    }
}
