package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 8 rows x 2 vectors of {@link PanelProduct} where A lies in {@link GateStrips}: a row 64 bytes after the one before, 16 k
 * next to each other, then the next strip, {@code aStep} bytes on. Where k is comes from where b is, so that nothing but b
 * runs along: 258 GFLOP/s on a Zen 5 core, where {@link StepTile8x2} has 264 and would need a second copy of A.
 */
final class StripTile8x2 extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    /** b's distance from its begin, shifted so, counts strips. */
    private static final int STRIP = Long.numberOfTrailingZeros(GateStrips.WIDTH * 2 * V1);

    /** Shifted so, it counts floats, four bytes each. */
    private static final int FLOAT = Long.numberOfTrailingZeros(2 * V1 / 4);

    private static final long IN_STRIP = GateStrips.ROW - 4;

    StripTile8x2() {
        super(8, 2);
    }

    @Override
    void run(Strides s, long a0, long b0, long c, long cRow) {
        long strip = s.aStep();
        FloatVector zero = FloatVector.zero(F);
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
        long bEnd = b0 + s.steps() * 2 * V1;
        for (long b = b0; b < bEnd; b += 2 * V1) {
            long bHere = b & ADDRESS;
            long at = b - b0;
            long a = (a0 + (at >> STRIP) * strip + ((at >> FLOAT) & IN_STRIP)) & ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector bb = fromMemorySegment(F, MEMORY, bHere + V1, ORDER);
            FloatVector x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a));
            c0a = x.fma(ba, c0a);
            c0b = x.fma(bb, c0b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 64));
            c1a = x.fma(ba, c1a);
            c1b = x.fma(bb, c1b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 128));
            c2a = x.fma(ba, c2a);
            c2b = x.fma(bb, c2b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 192));
            c3a = x.fma(ba, c3a);
            c3b = x.fma(bb, c3b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 256));
            c4a = x.fma(ba, c4a);
            c4b = x.fma(bb, c4b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 320));
            c5a = x.fma(ba, c5a);
            c5b = x.fma(bb, c5b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 384));
            c6a = x.fma(ba, c6a);
            c6b = x.fma(bb, c6b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a + 448));
            c7a = x.fma(ba, c7a);
            c7b = x.fma(bb, c7b);
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
    }
}
