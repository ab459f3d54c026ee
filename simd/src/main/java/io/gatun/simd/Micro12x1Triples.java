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
 * 12 neighbouring pixels x 1 vector of a convolution that is three taps wide: row r of the tile takes row r of A for the
 * left tap, r + 1 for the middle and r + 2 for the right one, so each pixel is read once for three taps. 36 FMAs for 17
 * loads a step, where {@link Micro12x1} has 12 for 13 and is bound by its loads: 255 against 217 GFLOP/s of 277 on Zen 5.
 *
 * <p>A segment is a row of three taps, its steps are the channels. In B, which has one vector a step and tap, the steps of
 * the left tap come first, then those of the middle and the right one, as packing tap after tap leaves them.
 *
 * <p>All pixels are read first: a read is 600 nodes of C2's graph and an FMA 430, and a read that is met after the 18,000th
 * would stay a call.
 *
 * <p>8 pixels are too few: three FMAs of 4 cycles each follow one another on every sum, as long as 24 FMAs take (215).
 */
final class Micro12x1Triples extends Micro {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    Micro12x1Triples() {
        super(12, 1);
    }

    @Override
    void run(Strides s, long a0, long b0, long c, long cRow) {
        long row = s.aRow() & STEP;
        long row3 = 3 * row;
        long aStep = s.aStep();
        long bStep = s.bStep();
        long tap = s.steps() * bStep;
        long offsets = s.offsets() & ADDRESS;
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0 = zero;
        FloatVector c1 = zero;
        FloatVector c2 = zero;
        FloatVector c3 = zero;
        FloatVector c4 = zero;
        FloatVector c5 = zero;
        FloatVector c6 = zero;
        FloatVector c7 = zero;
        FloatVector c8 = zero;
        FloatVector c9 = zero;
        FloatVector c10 = zero;
        FloatVector c11 = zero;
        long b = b0;
        for (int segment = 0; segment < s.segments(); segment++) {
            long a = a0 + MEMORY.get(JAVA_LONG_UNALIGNED, offsets);
            for (long end = b + tap; b < end; b += bStep) {
                long aHere = a & ADDRESS;
                long a4 = (a + 4 * row) & ADDRESS;
                long a8 = (a + 8 * row) & ADDRESS;
                long a12 = (a + 12 * row) & ADDRESS;
                float x0 = MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere);
                float x1 = MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row);
                float x2 = MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + 2 * row);
                float x3 = MEMORY.get(JAVA_FLOAT_UNALIGNED, aHere + row3);
                float x4 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a4);
                float x5 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row);
                float x6 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + 2 * row);
                float x7 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a4 + row3);
                float x8 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a8);
                float x9 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + row);
                float x10 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + 2 * row);
                float x11 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a8 + row3);
                float x12 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a12);
                float x13 = MEMORY.get(JAVA_FLOAT_UNALIGNED, a12 + row);
                FloatVector left = fromMemorySegment(F, MEMORY, b & ADDRESS, ORDER);
                FloatVector middle = fromMemorySegment(F, MEMORY, (b + tap) & ADDRESS, ORDER);
                FloatVector right = fromMemorySegment(F, MEMORY, (b + 2 * tap) & ADDRESS, ORDER);
                FloatVector x = broadcast(F, x0);
                c0 = x.fma(left, c0);
                x = broadcast(F, x1);
                c0 = x.fma(middle, c0);
                c1 = x.fma(left, c1);
                x = broadcast(F, x2);
                c0 = x.fma(right, c0);
                c1 = x.fma(middle, c1);
                c2 = x.fma(left, c2);
                x = broadcast(F, x3);
                c1 = x.fma(right, c1);
                c2 = x.fma(middle, c2);
                c3 = x.fma(left, c3);
                x = broadcast(F, x4);
                c2 = x.fma(right, c2);
                c3 = x.fma(middle, c3);
                c4 = x.fma(left, c4);
                x = broadcast(F, x5);
                c3 = x.fma(right, c3);
                c4 = x.fma(middle, c4);
                c5 = x.fma(left, c5);
                x = broadcast(F, x6);
                c4 = x.fma(right, c4);
                c5 = x.fma(middle, c5);
                c6 = x.fma(left, c6);
                x = broadcast(F, x7);
                c5 = x.fma(right, c5);
                c6 = x.fma(middle, c6);
                c7 = x.fma(left, c7);
                x = broadcast(F, x8);
                c6 = x.fma(right, c6);
                c7 = x.fma(middle, c7);
                c8 = x.fma(left, c8);
                x = broadcast(F, x9);
                c7 = x.fma(right, c7);
                c8 = x.fma(middle, c8);
                c9 = x.fma(left, c9);
                x = broadcast(F, x10);
                c8 = x.fma(right, c8);
                c9 = x.fma(middle, c9);
                c10 = x.fma(left, c10);
                x = broadcast(F, x11);
                c9 = x.fma(right, c9);
                c10 = x.fma(middle, c10);
                c11 = x.fma(left, c11);
                x = broadcast(F, x12);
                c10 = x.fma(right, c10);
                c11 = x.fma(middle, c11);
                x = broadcast(F, x13);
                c11 = x.fma(right, c11);
                a += aStep;
            }
            b += 2 * tap;
            offsets = (offsets + 8) & ADDRESS;
        }
        c0.intoMemorySegment(MEMORY, c, ORDER);
        c1.intoMemorySegment(MEMORY, c + cRow, ORDER);
        c2.intoMemorySegment(MEMORY, c + 2 * cRow, ORDER);
        c3.intoMemorySegment(MEMORY, c + 3 * cRow, ORDER);
        c4.intoMemorySegment(MEMORY, c + 4 * cRow, ORDER);
        c5.intoMemorySegment(MEMORY, c + 5 * cRow, ORDER);
        c6.intoMemorySegment(MEMORY, c + 6 * cRow, ORDER);
        c7.intoMemorySegment(MEMORY, c + 7 * cRow, ORDER);
        c8.intoMemorySegment(MEMORY, c + 8 * cRow, ORDER);
        c9.intoMemorySegment(MEMORY, c + 9 * cRow, ORDER);
        c10.intoMemorySegment(MEMORY, c + 10 * cRow, ORDER);
        c11.intoMemorySegment(MEMORY, c + 11 * cRow, ORDER);
    }
}
