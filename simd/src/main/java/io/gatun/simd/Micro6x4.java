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
 * 6 rows x 4 vectors; the contract is {@link Micro}'s. 24 accumulators, 4 vectors of B and a broadcast: 29 of 32 registers; 24 FMAs for 10 loads a step, so the two FMA
 * ports are the limit (measured 276 of 262-280 GFLOP/s on Zen 5 at 512 bits).
 */
final class Micro6x4 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;
    private static final long V2 = 2 * Lanes.BYTES;
    private static final long V3 = 3 * Lanes.BYTES;

    Micro6x4() {
        super(6, 4);
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
        FloatVector c0c = FloatVector.zero(F);
        FloatVector c0d = FloatVector.zero(F);
        FloatVector c1a = FloatVector.zero(F);
        FloatVector c1b = FloatVector.zero(F);
        FloatVector c1c = FloatVector.zero(F);
        FloatVector c1d = FloatVector.zero(F);
        FloatVector c2a = FloatVector.zero(F);
        FloatVector c2b = FloatVector.zero(F);
        FloatVector c2c = FloatVector.zero(F);
        FloatVector c2d = FloatVector.zero(F);
        FloatVector c3a = FloatVector.zero(F);
        FloatVector c3b = FloatVector.zero(F);
        FloatVector c3c = FloatVector.zero(F);
        FloatVector c3d = FloatVector.zero(F);
        FloatVector c4a = FloatVector.zero(F);
        FloatVector c4b = FloatVector.zero(F);
        FloatVector c4c = FloatVector.zero(F);
        FloatVector c4d = FloatVector.zero(F);
        FloatVector c5a = FloatVector.zero(F);
        FloatVector c5b = FloatVector.zero(F);
        FloatVector c5c = FloatVector.zero(F);
        FloatVector c5d = FloatVector.zero(F);
        for (; offsets < offsetsEnd; offsets += 8) {
            long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
            long bEnd = b + s.steps() * bStep;
            for (; b < bEnd; b += bStep) {
                FloatVector ba = fromMemorySegment(F, MEMORY, b, ORDER);
                FloatVector bb = fromMemorySegment(F, MEMORY, b + V1, ORDER);
                FloatVector bc = fromMemorySegment(F, MEMORY, b + V2, ORDER);
                FloatVector bd = fromMemorySegment(F, MEMORY, b + V3, ORDER);
                FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a));
                c0a = x.fma(ba, c0a);
                c0b = x.fma(bb, c0b);
                c0c = x.fma(bc, c0c);
                c0d = x.fma(bd, c0d);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + row));
                c1a = x.fma(ba, c1a);
                c1b = x.fma(bb, c1b);
                c1c = x.fma(bc, c1c);
                c1d = x.fma(bd, c1d);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 2 * row));
                c2a = x.fma(ba, c2a);
                c2b = x.fma(bb, c2b);
                c2c = x.fma(bc, c2c);
                c2d = x.fma(bd, c2d);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 3 * row));
                c3a = x.fma(ba, c3a);
                c3b = x.fma(bb, c3b);
                c3c = x.fma(bc, c3c);
                c3d = x.fma(bd, c3d);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 4 * row));
                c4a = x.fma(ba, c4a);
                c4b = x.fma(bb, c4b);
                c4c = x.fma(bc, c4c);
                c4d = x.fma(bd, c4d);
                x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 5 * row));
                c5a = x.fma(ba, c5a);
                c5b = x.fma(bb, c5b);
                c5c = x.fma(bc, c5c);
                c5d = x.fma(bd, c5d);
                a += aStep;
            }
        }
        if (add) {
            c0a = c0a.add(fromMemorySegment(F, MEMORY, c, ORDER));
            c0b = c0b.add(fromMemorySegment(F, MEMORY, c + V1, ORDER));
            c0c = c0c.add(fromMemorySegment(F, MEMORY, c + V2, ORDER));
            c0d = c0d.add(fromMemorySegment(F, MEMORY, c + V3, ORDER));
            c1a = c1a.add(fromMemorySegment(F, MEMORY, c + cRow, ORDER));
            c1b = c1b.add(fromMemorySegment(F, MEMORY, c + cRow + V1, ORDER));
            c1c = c1c.add(fromMemorySegment(F, MEMORY, c + cRow + V2, ORDER));
            c1d = c1d.add(fromMemorySegment(F, MEMORY, c + cRow + V3, ORDER));
            c2a = c2a.add(fromMemorySegment(F, MEMORY, c + 2 * cRow, ORDER));
            c2b = c2b.add(fromMemorySegment(F, MEMORY, c + 2 * cRow + V1, ORDER));
            c2c = c2c.add(fromMemorySegment(F, MEMORY, c + 2 * cRow + V2, ORDER));
            c2d = c2d.add(fromMemorySegment(F, MEMORY, c + 2 * cRow + V3, ORDER));
            c3a = c3a.add(fromMemorySegment(F, MEMORY, c + 3 * cRow, ORDER));
            c3b = c3b.add(fromMemorySegment(F, MEMORY, c + 3 * cRow + V1, ORDER));
            c3c = c3c.add(fromMemorySegment(F, MEMORY, c + 3 * cRow + V2, ORDER));
            c3d = c3d.add(fromMemorySegment(F, MEMORY, c + 3 * cRow + V3, ORDER));
            c4a = c4a.add(fromMemorySegment(F, MEMORY, c + 4 * cRow, ORDER));
            c4b = c4b.add(fromMemorySegment(F, MEMORY, c + 4 * cRow + V1, ORDER));
            c4c = c4c.add(fromMemorySegment(F, MEMORY, c + 4 * cRow + V2, ORDER));
            c4d = c4d.add(fromMemorySegment(F, MEMORY, c + 4 * cRow + V3, ORDER));
            c5a = c5a.add(fromMemorySegment(F, MEMORY, c + 5 * cRow, ORDER));
            c5b = c5b.add(fromMemorySegment(F, MEMORY, c + 5 * cRow + V1, ORDER));
            c5c = c5c.add(fromMemorySegment(F, MEMORY, c + 5 * cRow + V2, ORDER));
            c5d = c5d.add(fromMemorySegment(F, MEMORY, c + 5 * cRow + V3, ORDER));
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
        c5a.intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
        c5b.intoMemorySegment(MEMORY, c + 5 * cRow + V1, ORDER);
        c5c.intoMemorySegment(MEMORY, c + 5 * cRow + V2, ORDER);
        c5d.intoMemorySegment(MEMORY, c + 5 * cRow + V3, ORDER);
    }
}
