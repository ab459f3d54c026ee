package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link DepthwiseColumns} for filters three taps wide whose neighbours read neighbouring columns, as those of nets do
 * (3x3, stride 1): a row of the filter loads 3 vectors of weights and 10 of input for 24 FMAs, in place of 27.
 */
final class DepthwiseTriples {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private DepthwiseTriples() {}

    /** As {@link DepthwiseColumns#eight}; skipped and taps are multiples of 3. */
    static void eight(
            DepthwiseColumns columns,
            long in,
            long offsets,
            long w,
            long wBlock,
            int skipped,
            int taps,
            long out,
            long step) {
        long s = columns.inStep() & DepthwiseColumns.STEP;
        long o = columns.outStep() & DepthwiseColumns.STEP;
        int channels = columns.channels();
        long table = offsets + 8L * skipped;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector c0 = fromMemorySegment(F, MEMORY, w & Micro.ADDRESS, ORDER);
            FloatVector c1 = c0;
            FloatVector c2 = c0;
            FloatVector c3 = c0;
            FloatVector c4 = c0;
            FloatVector c5 = c0;
            FloatVector c6 = c0;
            FloatVector c7 = c0;
            long next = table;
            long k = w + (1 + skipped) * step;
            for (long end = k + taps * step; k < end; k += 3 * step) {
                long a = (in + at + MEMORY.get(JAVA_LONG_UNALIGNED, next & Micro.ADDRESS)) & Micro.ADDRESS;
                long kHere = k & Micro.ADDRESS;
                FloatVector w0 = fromMemorySegment(F, MEMORY, kHere, ORDER);
                FloatVector w1 = fromMemorySegment(F, MEMORY, kHere + Lanes.BYTES, ORDER);
                FloatVector w2 = fromMemorySegment(F, MEMORY, kHere + 2 * Lanes.BYTES, ORDER);
                FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w0, c0);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w1, c0);
                c1 = x.fma(w0, c1);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w2, c0);
                c1 = x.fma(w1, c1);
                c2 = x.fma(w0, c2);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c1 = x.fma(w2, c1);
                c2 = x.fma(w1, c2);
                c3 = x.fma(w0, c3);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c2 = x.fma(w2, c2);
                c3 = x.fma(w1, c3);
                c4 = x.fma(w0, c4);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c3 = x.fma(w2, c3);
                c4 = x.fma(w1, c4);
                c5 = x.fma(w0, c5);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c4 = x.fma(w2, c4);
                c5 = x.fma(w1, c5);
                c6 = x.fma(w0, c6);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c5 = x.fma(w2, c5);
                c6 = x.fma(w1, c6);
                c7 = x.fma(w0, c7);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c6 = x.fma(w2, c6);
                c7 = x.fma(w1, c7);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c7 = x.fma(w2, c7);
                next += 24;
            }
            long p = (out + at) & Micro.ADDRESS;
            c0.intoMemorySegment(MEMORY, p, ORDER);
            c1.intoMemorySegment(MEMORY, p + o, ORDER);
            c2.intoMemorySegment(MEMORY, p + 2 * o, ORDER);
            c3.intoMemorySegment(MEMORY, p + 3 * o, ORDER);
            c4.intoMemorySegment(MEMORY, p + 4 * o, ORDER);
            c5.intoMemorySegment(MEMORY, p + 5 * o, ORDER);
            c6.intoMemorySegment(MEMORY, p + 6 * o, ORDER);
            c7.intoMemorySegment(MEMORY, p + 7 * o, ORDER);
            w += wBlock;
        }
    }

    /** Four columns, otherwise {@link #eight}. */
    static void four(
            DepthwiseColumns columns,
            long in,
            long offsets,
            long w,
            long wBlock,
            int skipped,
            int taps,
            long out,
            long step) {
        long s = columns.inStep() & DepthwiseColumns.STEP;
        long o = columns.outStep() & DepthwiseColumns.STEP;
        int channels = columns.channels();
        long table = offsets + 8L * skipped;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector c0 = fromMemorySegment(F, MEMORY, w & Micro.ADDRESS, ORDER);
            FloatVector c1 = c0;
            FloatVector c2 = c0;
            FloatVector c3 = c0;
            long next = table;
            long k = w + (1 + skipped) * step;
            for (long end = k + taps * step; k < end; k += 3 * step) {
                long a = (in + at + MEMORY.get(JAVA_LONG_UNALIGNED, next & Micro.ADDRESS)) & Micro.ADDRESS;
                long kHere = k & Micro.ADDRESS;
                FloatVector w0 = fromMemorySegment(F, MEMORY, kHere, ORDER);
                FloatVector w1 = fromMemorySegment(F, MEMORY, kHere + Lanes.BYTES, ORDER);
                FloatVector w2 = fromMemorySegment(F, MEMORY, kHere + 2 * Lanes.BYTES, ORDER);
                FloatVector x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w0, c0);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w1, c0);
                c1 = x.fma(w0, c1);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c0 = x.fma(w2, c0);
                c1 = x.fma(w1, c1);
                c2 = x.fma(w0, c2);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c1 = x.fma(w2, c1);
                c2 = x.fma(w1, c2);
                c3 = x.fma(w0, c3);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c2 = x.fma(w2, c2);
                c3 = x.fma(w1, c3);
                a += s;
                x = fromMemorySegment(F, MEMORY, a, ORDER);
                c3 = x.fma(w2, c3);
                next += 24;
            }
            long p = (out + at) & Micro.ADDRESS;
            c0.intoMemorySegment(MEMORY, p, ORDER);
            c1.intoMemorySegment(MEMORY, p + o, ORDER);
            c2.intoMemorySegment(MEMORY, p + 2 * o, ORDER);
            c3.intoMemorySegment(MEMORY, p + 3 * o, ORDER);
            w += wBlock;
        }
    }
}
