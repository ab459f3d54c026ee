package io.gatun.simd;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of a depthwise convolution: some neighbouring output pixels, all channels, one vector of them
 * after the other, tap by tap in registers.
 *
 * <pre>
 * out[p + r·outStep, c] = bias[c] + Σ over taps t of in[p + offsets[t] + r·inStep, c] · w[t, c]
 * </pre>
 *
 * <p>A tap costs 1 load of w, one load and one FMA a column: with eight columns 9 loads for 8 FMAs, so the two load
 * ports are the limit, 5 cycles a vector of results of 3x3. That is 128 bytes to move, 25 a cycle, several times what
 * comes from memory; columns kept in registers from tap to tap would not show.
 *
 * <p>Weights are blocks of one vector of channels: the bias, then the taps. The last block ends with the last channel
 * and so overlaps the one before: its results are computed twice, to the same bits, and there is no mask. A lane is one
 * chain of fma from the bias through the taps in their order, whatever the vector width.
 *
 * @param channels of a pixel, at least a vector
 * @param inStep bytes from the input of a column to that of the next
 * @param outStep bytes from an output column to the next
 * @param rowTaps taps of a whole row of the filter
 */
record DepthwiseColumns(int channels, long inStep, long outStep, int rowTaps) {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    static final long STEP = (1L << 40) - 1;

    /** Floats of channel c's block of weights, with {@code taps} taps. */
    static long blockFloats(int taps) {
        return (1L + taps) * Lanes.COUNT;
    }

    /** First channel of the block that begins at the multiple {@code c} of a vector. */
    static int first(int c, int channels) {
        return Math.min(c, channels - Lanes.COUNT);
    }

    /**
     * Eight columns.
     *
     * @param w weights of the first channels
     * @param wBlock bytes of a block
     * @param skipped taps before those that are used
     * @param taps that are used
     * @param step {@link Lanes#BYTES}, not as a constant: C2 makes three copies of a loop that it can count
     */
    void eight(long in, long offsets, long w, long wBlock, int skipped, int taps, long out, long step) {
        long s = inStep & STEP;
        long o = outStep & STEP;
        long table = offsets + 8L * skipped;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector c0 = fromMemorySegment(F, MEMORY, w, ORDER);
            FloatVector c1 = c0;
            FloatVector c2 = c0;
            FloatVector c3 = c0;
            FloatVector c4 = c0;
            FloatVector c5 = c0;
            FloatVector c6 = c0;
            FloatVector c7 = c0;
            long next = table;
            long k = w + (1 + skipped) * step;
            for (long end = k + taps * step; k < end; k += step) {
                FloatVector v = fromMemorySegment(F, MEMORY, k & Micro.ADDRESS, ORDER);
                long a = (in + at + MEMORY.get(JAVA_LONG_UNALIGNED, next & Micro.ADDRESS)) & Micro.ADDRESS;
                long b = a + 4 * s;
                c0 = fromMemorySegment(F, MEMORY, a, ORDER).fma(v, c0);
                c1 = fromMemorySegment(F, MEMORY, a + s, ORDER).fma(v, c1);
                c2 = fromMemorySegment(F, MEMORY, a + 2 * s, ORDER).fma(v, c2);
                c3 = fromMemorySegment(F, MEMORY, a + 3 * s, ORDER).fma(v, c3);
                c4 = fromMemorySegment(F, MEMORY, b, ORDER).fma(v, c4);
                c5 = fromMemorySegment(F, MEMORY, b + s, ORDER).fma(v, c5);
                c6 = fromMemorySegment(F, MEMORY, b + 2 * s, ORDER).fma(v, c6);
                c7 = fromMemorySegment(F, MEMORY, b + 3 * s, ORDER).fma(v, c7);
                next += 8;
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
    void four(long in, long offsets, long w, long wBlock, int skipped, int taps, long out, long step) {
        long s = inStep & STEP;
        long o = outStep & STEP;
        long table = offsets + 8L * skipped;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector c0 = fromMemorySegment(F, MEMORY, w, ORDER);
            FloatVector c1 = c0;
            FloatVector c2 = c0;
            FloatVector c3 = c0;
            long next = table;
            long k = w + (1 + skipped) * step;
            for (long end = k + taps * step; k < end; k += step) {
                FloatVector v = fromMemorySegment(F, MEMORY, k & Micro.ADDRESS, ORDER);
                long a = (in + at + MEMORY.get(JAVA_LONG_UNALIGNED, next & Micro.ADDRESS)) & Micro.ADDRESS;
                c0 = fromMemorySegment(F, MEMORY, a, ORDER).fma(v, c0);
                c1 = fromMemorySegment(F, MEMORY, a + s, ORDER).fma(v, c1);
                c2 = fromMemorySegment(F, MEMORY, a + 2 * s, ORDER).fma(v, c2);
                c3 = fromMemorySegment(F, MEMORY, a + 3 * s, ORDER).fma(v, c3);
                next += 8;
            }
            long p = (out + at) & Micro.ADDRESS;
            c0.intoMemorySegment(MEMORY, p, ORDER);
            c1.intoMemorySegment(MEMORY, p + o, ORDER);
            c2.intoMemorySegment(MEMORY, p + 2 * o, ORDER);
            c3.intoMemorySegment(MEMORY, p + 3 * o, ORDER);
            w += wBlock;
        }
    }

    /**
     * One column that sees a part of the filter: {@code rows} rows of {@code cols} taps, after {@code skipped}. Its chain
     * waits for itself, but the processor works on several vectors of channels at a time.
     */
    void one(long in, long offsets, long w, long wBlock, int skipped, int rows, int cols, long out, long step) {
        long table = offsets + 8L * skipped;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector sum = fromMemorySegment(F, MEMORY, w, ORDER);
            long next = table;
            long k = w + (1 + skipped) * step;
            for (int i = 0; i < rows; i++) {
                for (long end = k + cols * step; k < end; k += step) {
                    long a = (in + at + MEMORY.get(JAVA_LONG_UNALIGNED, next & Micro.ADDRESS)) & Micro.ADDRESS;
                    FloatVector v = fromMemorySegment(F, MEMORY, k & Micro.ADDRESS, ORDER);
                    sum = fromMemorySegment(F, MEMORY, a, ORDER).fma(v, sum);
                    next += 8;
                }
                next += 8L * (rowTaps - cols);
                k += (rowTaps - cols) * step;
            }
            sum.intoMemorySegment(MEMORY, out + at, ORDER);
            w += wBlock;
        }
    }
}
