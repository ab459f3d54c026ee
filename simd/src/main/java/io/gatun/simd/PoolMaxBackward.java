package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Max pooling backward by gathering: each input element adds up the gradients of those windows over it whose index it is, in
 * their order, so that the bits do not depend on threads and nothing is written twice. 4 B written an input element, 8 B
 * read an output element, once from memory; two loads, a comparison and an addition for each window over a cell (2.25 in the
 * mean for 3 x 3 with stride 2).
 */
class PoolMaxBackward extends SimdPool {
    PoolMaxBackward(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
    }

    @Override
    public String implementation() {
        return "simd:pool max backward";
    }

    @Override
    void row(long[] frame, long n, int y) {
        long to = frame[2] + n * srcImage() + (long) y * spec.w() * c * 4;
        loops(frame[0] + n * dstImage(), frame[1] + n * dstImage(), to, y);
    }

    private void strips(long diffDst, long indices, long diffSrc, int y) {
        int firstRow = windows.firstRow(y);
        long pixel = c * 4L;
        long line = ow * pixel;
        long down = (windows.endRow(y) - firstRow) * line;
        int cell = y * spec.w();
        for (int x = 0; x < spec.w(); x++, cell++) {
            int firstCol = windows.firstCol(x);
            long across = (windows.endCol(x) - firstCol) * pixel;
            long from = firstRow * line + firstCol * pixel;
            long to = diffSrc + x * pixel;
            for (long end = to + inStrips * 4L; to < end; to += stripBytes, from += stripBytes) {
                strip(diffDst + from, indices - diffDst, cell, to, down, line, across, pixel);
            }
        }
    }

    /** The index of a window lies {@code indices} bytes behind its gradient. */
    private static void strip(
            long from, long indices, int cell, long to, long down, long line, long across, long pixel) {
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        IntVector here = IntVector.broadcast(Lanes.I, cell);
        for (long start = from, end = from + down; start < end; start += line) {
            for (long at = start, stop = start + across; at < stop; at += pixel) {
                s0 = s0.add(load(at), mine(at + indices, here));
                s1 = s1.add(load(at + Lanes.BYTES), mine(at + indices + Lanes.BYTES, here));
                s2 = s2.add(load(at + 2 * Lanes.BYTES), mine(at + indices + 2 * Lanes.BYTES, here));
                s3 = s3.add(load(at + 3 * Lanes.BYTES), mine(at + indices + 3 * Lanes.BYTES, here));
            }
        }
        store(to, s0);
        store(to + Lanes.BYTES, s1);
        store(to + 2 * Lanes.BYTES, s2);
        store(to + 3 * Lanes.BYTES, s3);
    }

    private static VectorMask<Float> mine(long indices, IntVector cell) {
        return IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, indices, Lanes.ORDER)
                .compare(VectorOperators.EQ, cell)
                .cast(Lanes.F);
    }

    private void vectors(long diffDst, long indices, long diffSrc, int y) {
        gather(diffDst, indices, diffSrc, y, 0, spec.w(), inStrips);
    }

    /** Pixels {@code x} to {@code endX} of row {@code y}, channels from {@code channel} on that fill vectors. */
    final void gather(long diffDst, long indices, long diffSrc, int y, int x, int endX, int channel) {
        int firstRow = windows.firstRow(y);
        long pixel = c * 4L;
        long line = ow * pixel;
        long down = (windows.endRow(y) - firstRow) * line;
        long behind = indices - diffDst;
        for (int col = x; col < endX; col++) {
            int firstCol = windows.firstCol(col);
            long across = (windows.endCol(col) - firstCol) * pixel;
            long from = diffDst + firstRow * line + firstCol * pixel + channel * 4L;
            long to = diffSrc + col * pixel + channel * 4L;
            IntVector here = IntVector.broadcast(Lanes.I, y * spec.w() + col);
            for (long end = diffSrc + col * pixel + inVectors * 4L; to < end; to += vectorBytes, from += vectorBytes) {
                FloatVector sum = splat(0f);
                for (long start = from, last = from + down; start < last; start += line) {
                    for (long at = start, stop = start + across; at < stop; at += pixel) {
                        sum = sum.add(load(at), mine(at + behind, here));
                    }
                }
                store(to, sum);
            }
        }
    }

    private void remainder(long diffDst, long indices, long diffSrc, int y) {
        VectorMask<Float> there = Lanes.first(c - inVectors);
        VectorMask<Integer> present = there.cast(Lanes.I);
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int endCol = windows.endCol(x);
            IntVector cell = IntVector.broadcast(Lanes.I, y * spec.w() + x);
            FloatVector sum = splat(0f);
            for (int row = firstRow; row < endRow; row++) {
                for (int col = windows.firstCol(x); col < endCol; col++) {
                    long at = ((long) (row * ow + col) * c + inVectors) * 4;
                    VectorMask<Integer> mine = IntVector.fromMemorySegment(
                                    Lanes.I, Raw.MEMORY, indices + at, Lanes.ORDER, present)
                            .compare(VectorOperators.EQ, cell)
                            .and(present);
                    sum = sum.add(load(diffDst + at, there), mine.cast(Lanes.F));
                }
            }
            store(diffSrc + ((long) x * c + inVectors) * 4, sum, there);
        }
    }
}
