package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.memory.Raw;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of a depthwise backward to the weights: taps of the filter summed in registers over a band of
 * pixels, one vector of channels after the other.
 *
 * <pre>
 * sums[tap, c] += Σ over y, x of src[y·srcRow + x·srcStep + tap, c] · dst[y·dstRow + x·dstStep, c]
 * </pre>
 *
 * <p>Nine taps at a time load 10 vectors for 9 FMAs: the two load ports are the limit, 5 cycles for a vector of each
 * image. Each sum is one chain over the band's pixels, whatever the vector width; nine of them hide an FMA's latency.
 *
 * @param channels of a pixel, at least a vector
 * @param srcStep bytes from the src of an output column to that of the next; {@code srcRow} of rows
 * @param dstStep bytes from an output column to the next; {@code dstRow} of rows
 * @param tapStep bytes from a tap to the next in its row; {@code tapRow} of rows
 * @param sumBlock bytes of the sums of a vector of channels: [tap, lane]
 * @param rowTaps taps in a row of the filter
 */
record DepthwiseTaps(
        int channels,
        long srcStep,
        long srcRow,
        long dstStep,
        long dstRow,
        long tapStep,
        long tapRow,
        long sumBlock,
        int rowTaps) {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Three taps of each of three rows, from the tap that {@code src} reads and {@code sums} holds. */
    void nine(long src, long dst, int rows, int cols, long sums) {
        long step = srcStep & DepthwiseColumns.STEP;
        long t = tapStep & DepthwiseColumns.STEP;
        long row = tapRow & DepthwiseColumns.STEP;
        long next = (rowTaps * Lanes.BYTES) & DepthwiseColumns.STEP;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            long here = sums & Micro.ADDRESS;
            FloatVector s0 = fromMemorySegment(F, MEMORY, here, ORDER);
            FloatVector s1 = fromMemorySegment(F, MEMORY, here + Lanes.BYTES, ORDER);
            FloatVector s2 = fromMemorySegment(F, MEMORY, here + 2 * Lanes.BYTES, ORDER);
            here += next;
            FloatVector s3 = fromMemorySegment(F, MEMORY, here, ORDER);
            FloatVector s4 = fromMemorySegment(F, MEMORY, here + Lanes.BYTES, ORDER);
            FloatVector s5 = fromMemorySegment(F, MEMORY, here + 2 * Lanes.BYTES, ORDER);
            here += next;
            FloatVector s6 = fromMemorySegment(F, MEMORY, here, ORDER);
            FloatVector s7 = fromMemorySegment(F, MEMORY, here + Lanes.BYTES, ORDER);
            FloatVector s8 = fromMemorySegment(F, MEMORY, here + 2 * Lanes.BYTES, ORDER);
            for (int y = 0; y < rows; y++) {
                long a = src + at + y * srcRow;
                long d = dst + at + y * dstRow;
                for (long end = d + cols * dstStep; d < end; d += dstStep) {
                    FloatVector g = fromMemorySegment(F, MEMORY, d & Micro.ADDRESS, ORDER);
                    long p = a & Micro.ADDRESS;
                    s0 = fromMemorySegment(F, MEMORY, p, ORDER).fma(g, s0);
                    s1 = fromMemorySegment(F, MEMORY, p + t, ORDER).fma(g, s1);
                    s2 = fromMemorySegment(F, MEMORY, p + 2 * t, ORDER).fma(g, s2);
                    p += row;
                    s3 = fromMemorySegment(F, MEMORY, p, ORDER).fma(g, s3);
                    s4 = fromMemorySegment(F, MEMORY, p + t, ORDER).fma(g, s4);
                    s5 = fromMemorySegment(F, MEMORY, p + 2 * t, ORDER).fma(g, s5);
                    p += row;
                    s6 = fromMemorySegment(F, MEMORY, p, ORDER).fma(g, s6);
                    s7 = fromMemorySegment(F, MEMORY, p + t, ORDER).fma(g, s7);
                    s8 = fromMemorySegment(F, MEMORY, p + 2 * t, ORDER).fma(g, s8);
                    a += step;
                }
            }
            long to = sums & Micro.ADDRESS;
            s0.intoMemorySegment(MEMORY, to, ORDER);
            s1.intoMemorySegment(MEMORY, to + Lanes.BYTES, ORDER);
            s2.intoMemorySegment(MEMORY, to + 2 * Lanes.BYTES, ORDER);
            to += next;
            s3.intoMemorySegment(MEMORY, to, ORDER);
            s4.intoMemorySegment(MEMORY, to + Lanes.BYTES, ORDER);
            s5.intoMemorySegment(MEMORY, to + 2 * Lanes.BYTES, ORDER);
            to += next;
            s6.intoMemorySegment(MEMORY, to, ORDER);
            s7.intoMemorySegment(MEMORY, to + Lanes.BYTES, ORDER);
            s8.intoMemorySegment(MEMORY, to + 2 * Lanes.BYTES, ORDER);
            sums += sumBlock;
        }
    }

    /**
     * Three taps {@code distance} bytes apart, whose sums are {@code sumDistance} bytes apart: along a border where only
     * these of the nine see the image.
     */
    void three(long src, long dst, int rows, int cols, long distance, long sums, long sumDistance) {
        long step = srcStep & DepthwiseColumns.STEP;
        long t = distance & DepthwiseColumns.STEP;
        long next = sumDistance & DepthwiseColumns.STEP;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            long to = sums & Micro.ADDRESS;
            FloatVector s0 = fromMemorySegment(F, MEMORY, to, ORDER);
            FloatVector s1 = fromMemorySegment(F, MEMORY, to + next, ORDER);
            FloatVector s2 = fromMemorySegment(F, MEMORY, to + 2 * next, ORDER);
            for (int y = 0; y < rows; y++) {
                long a = src + at + y * srcRow;
                long d = dst + at + y * dstRow;
                for (long end = d + cols * dstStep; d < end; d += dstStep) {
                    FloatVector g = fromMemorySegment(F, MEMORY, d & Micro.ADDRESS, ORDER);
                    long p = a & Micro.ADDRESS;
                    s0 = fromMemorySegment(F, MEMORY, p, ORDER).fma(g, s0);
                    s1 = fromMemorySegment(F, MEMORY, p + t, ORDER).fma(g, s1);
                    s2 = fromMemorySegment(F, MEMORY, p + 2 * t, ORDER).fma(g, s2);
                    a += step;
                }
            }
            s0.intoMemorySegment(MEMORY, to, ORDER);
            s1.intoMemorySegment(MEMORY, to + next, ORDER);
            s2.intoMemorySegment(MEMORY, to + 2 * next, ORDER);
            sums += sumBlock;
        }
    }

    /** One tap; every fourth column has a chain of its own. */
    void one(long src, long dst, int rows, int cols, long sums) {
        long step = srcStep & DepthwiseColumns.STEP;
        long next = dstStep & DepthwiseColumns.STEP;
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector s0 = fromMemorySegment(F, MEMORY, sums, ORDER);
            FloatVector s1 = FloatVector.zero(F);
            FloatVector s2 = s1;
            FloatVector s3 = s1;
            for (int y = 0; y < rows; y++) {
                long a = (src + at + y * srcRow) & Micro.ADDRESS;
                long d = (dst + at + y * dstRow) & Micro.ADDRESS;
                long end = d + cols * next;
                for (; d + 3 * next < end; d += 4 * next, a += 4 * step) {
                    s0 = fromMemorySegment(F, MEMORY, a, ORDER).fma(fromMemorySegment(F, MEMORY, d, ORDER), s0);
                    s1 = fromMemorySegment(F, MEMORY, a + step, ORDER)
                            .fma(fromMemorySegment(F, MEMORY, d + next, ORDER), s1);
                    s2 = fromMemorySegment(F, MEMORY, a + 2 * step, ORDER)
                            .fma(fromMemorySegment(F, MEMORY, d + 2 * next, ORDER), s2);
                    s3 = fromMemorySegment(F, MEMORY, a + 3 * step, ORDER)
                            .fma(fromMemorySegment(F, MEMORY, d + 3 * next, ORDER), s3);
                }
                for (; d < end; d += next, a += step) {
                    s0 = fromMemorySegment(F, MEMORY, a, ORDER).fma(fromMemorySegment(F, MEMORY, d, ORDER), s0);
                }
            }
            s0.add(s1).add(s2.add(s3)).intoMemorySegment(MEMORY, sums, ORDER);
            sums += sumBlock;
        }
    }

    /** The sum of dst itself: a bias is a tap that reads 1. */
    void bias(long dst, int rows, int cols, long sums) {
        for (int c = 0; c < channels; c += Lanes.COUNT) {
            long at = 4L * Math.min(c, channels - Lanes.COUNT);
            FloatVector sum = fromMemorySegment(F, MEMORY, sums, ORDER);
            for (int y = 0; y < rows; y++) {
                long d = dst + at + y * dstRow;
                for (long end = d + cols * dstStep; d < end; d += dstStep) {
                    sum = sum.add(fromMemorySegment(F, MEMORY, d, ORDER));
                }
            }
            sum.intoMemorySegment(MEMORY, sums, ORDER);
            sums += sumBlock;
        }
    }
}
