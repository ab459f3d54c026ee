package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What {@link PanelTile8x2} computes for the first 8 rows: c = a·b, where b is not packed yet and is packed as it is read.
 *
 * <p>The FMAs leave the load and store units half of their time, so this hides a part of the packing. On one Zen 5 core
 * packing before the product is 3 % of it at n = 256 to 2048; so it is 1.5 % at 256, 2 to 3 % at the others.
 */
final class PackTile8x2 {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    private PackTile8x2() {}

    /**
     * Computes a tile and packs.
     *
     * @param s {@code aRow}, {@code aStep} and {@code steps} of it
     * @param b0 first of {@code steps} rows of b, {@code bRow} bytes apart
     * @param packed where the panel goes
     */
    static void run(Strides s, long a0, long b0, long bRow, long packed, long c, long cRow) {
        long row = s.aRow() & Micro.STEP;
        long row3 = 3 * row;
        long aStep = s.aStep();
        long a = a0;
        long a4 = a + 4 * row;
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
        long end = packed + s.steps() * PanelTile8x2.ROW_BYTES;
        long b = b0;
        for (long to = packed; to < end; to += PanelTile8x2.ROW_BYTES) {
            long toHere = to & Micro.ADDRESS;
            long bHere = b & Micro.ADDRESS;
            long aHere = a & Micro.ADDRESS;
            long a4Here = a4 & Micro.ADDRESS;
            FloatVector ba = fromMemorySegment(F, MEMORY, bHere, ORDER);
            FloatVector bb = fromMemorySegment(F, MEMORY, bHere + V1, ORDER);
            ba.intoMemorySegment(MEMORY, toHere, ORDER);
            bb.intoMemorySegment(MEMORY, toHere + V1, ORDER);
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
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4Here));
            c4a = x.fma(ba, c4a);
            c4b = x.fma(bb, c4b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4Here + row));
            c5a = x.fma(ba, c5a);
            c5b = x.fma(bb, c5b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4Here + 2 * row));
            c6a = x.fma(ba, c6a);
            c6b = x.fma(bb, c6b);
            x = broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, a4Here + row3));
            c7a = x.fma(ba, c7a);
            c7b = x.fma(bb, c7b);
            a += aStep;
            a4 += aStep;
            b += bRow;
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
