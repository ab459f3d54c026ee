package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The tile of large products: c = base + a·b for 8 rows and a panel of 2 vectors, k ascending as {@link Micro} says.
 *
 * <p>What base is makes this one method do for all of a product: nothing ({@link #NOTHING}), a bias (a row that is used
 * for all, {@code baseRow} 0), or c itself for a later block of k.
 *
 * <p>It multiplies at 0.96 to 0.99 of the 64 FLOP a cycle of Zen 5 in every JVM, because C2 has a register for each
 * number of the loop. {@link Micro8x2}, which can walk in segments and through a b that lies anywhere, has some on the
 * stack by the JVM's history, and then reads them again in every step: 0.86 to 0.92.
 */
final class PanelTile8x2 {
    static final int ROWS = 8;
    static final int VECTORS = 2;

    /** Bytes in a row of the panel, and of the tile. */
    static final long ROW_BYTES = VECTORS * Lanes.BYTES;

    /** A row of -0, which changes no sum it is added to. */
    static final long NOTHING = nothing();

    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long V1 = Lanes.BYTES;

    private PanelTile8x2() {}

    /**
     * Computes a tile.
     *
     * @param s one segment; rows of b lie {@code bStep} bytes apart, {@link #ROW_BYTES} where they are packed
     * @param b0 first of {@code steps} rows of b
     * @param base0 what is added, rows {@code baseRow0} bytes apart; may be c
     */
    static void run(Strides s, long a0, long b0, long base0, long baseRow0, long c0, long cRow0) {
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
        long bStep = s.bStep();
        long bEnd = b0 + s.steps() * bStep;
        for (long b = b0; b < bEnd; b += bStep) {
            long bHere = b & Micro.ADDRESS;
            long aHere = a & Micro.ADDRESS;
            long a4Here = a4 & Micro.ADDRESS;
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
        }
        long base = base0 & Micro.ADDRESS;
        long baseRow = baseRow0 & Micro.DISTANCE;
        long c = c0 & Micro.ADDRESS;
        long cRow = cRow0 & Micro.DISTANCE;
        fromMemorySegment(F, MEMORY, base, ORDER).add(c0a).intoMemorySegment(MEMORY, c, ORDER);
        fromMemorySegment(F, MEMORY, base + V1, ORDER).add(c0b).intoMemorySegment(MEMORY, c + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + baseRow, ORDER).add(c1a).intoMemorySegment(MEMORY, c + cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + baseRow + V1, ORDER)
                .add(c1b)
                .intoMemorySegment(MEMORY, c + cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 2 * baseRow, ORDER).add(c2a).intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 2 * baseRow + V1, ORDER)
                .add(c2b)
                .intoMemorySegment(MEMORY, c + 2 * cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 3 * baseRow, ORDER).add(c3a).intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 3 * baseRow + V1, ORDER)
                .add(c3b)
                .intoMemorySegment(MEMORY, c + 3 * cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 4 * baseRow, ORDER).add(c4a).intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 4 * baseRow + V1, ORDER)
                .add(c4b)
                .intoMemorySegment(MEMORY, c + 4 * cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 5 * baseRow, ORDER).add(c5a).intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 5 * baseRow + V1, ORDER)
                .add(c5b)
                .intoMemorySegment(MEMORY, c + 5 * cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 6 * baseRow, ORDER).add(c6a).intoMemorySegment(MEMORY, c + 6 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 6 * baseRow + V1, ORDER)
                .add(c6b)
                .intoMemorySegment(MEMORY, c + 6 * cRow + V1, ORDER);
        fromMemorySegment(F, MEMORY, base + 7 * baseRow, ORDER).add(c7a).intoMemorySegment(MEMORY, c + 7 * cRow, ORDER);
        fromMemorySegment(F, MEMORY, base + 7 * baseRow + V1, ORDER)
                .add(c7b)
                .intoMemorySegment(MEMORY, c + 7 * cRow + V1, ORDER);
    }

    private static long nothing() {
        MemorySegment row = Arena.global().allocate(ROW_BYTES, 64);
        for (int i = 0; i < VECTORS * Lanes.COUNT; i++) {
            row.setAtIndex(JAVA_FLOAT_UNALIGNED, i, -0.0f);
        }
        return row.address();
    }
}
