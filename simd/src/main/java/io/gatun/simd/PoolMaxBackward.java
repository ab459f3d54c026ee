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
final class PoolMaxBackward extends SimdPool {
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
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int firstCol = windows.firstCol(x);
            int endCol = windows.endCol(x);
            for (int k = 0; k < inStrips; k += STRIP) {
                FloatVector s0 = splat(0f);
                FloatVector s1 = s0;
                FloatVector s2 = s0;
                FloatVector s3 = s0;
                for (int row = firstRow; row < endRow; row++) {
                    for (int col = firstCol; col < endCol; col++) {
                        long at = ((long) (row * ow + col) * c + k) * 4;
                        long chosen = indices + at;
                        long diff = diffDst + at;
                        IntVector cell = IntVector.broadcast(Lanes.I, y * spec.w() + x);
                        s0 = s0.add(load(diff), mine(chosen, cell));
                        s1 = s1.add(load(diff + Lanes.BYTES), mine(chosen + Lanes.BYTES, cell));
                        s2 = s2.add(load(diff + 2 * Lanes.BYTES), mine(chosen + 2 * Lanes.BYTES, cell));
                        s3 = s3.add(load(diff + 3 * Lanes.BYTES), mine(chosen + 3 * Lanes.BYTES, cell));
                    }
                }
                long to = diffSrc + ((long) x * c + k) * 4;
                store(to, s0);
                store(to + Lanes.BYTES, s1);
                store(to + 2 * Lanes.BYTES, s2);
                store(to + 3 * Lanes.BYTES, s3);
            }
        }
    }

    private static VectorMask<Float> mine(long indices, IntVector cell) {
        return IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, indices, Lanes.ORDER)
                .compare(VectorOperators.EQ, cell)
                .cast(Lanes.F);
    }

    private void vectors(long diffDst, long indices, long diffSrc, int y) {
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int firstCol = windows.firstCol(x);
            int endCol = windows.endCol(x);
            IntVector cell = IntVector.broadcast(Lanes.I, y * spec.w() + x);
            for (int k = inStrips; k < inVectors; k += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                for (int row = firstRow; row < endRow; row++) {
                    for (int col = firstCol; col < endCol; col++) {
                        long at = ((long) (row * ow + col) * c + k) * 4;
                        sum = sum.add(load(diffDst + at), mine(indices + at, cell));
                    }
                }
                store(diffSrc + ((long) x * c + k) * 4, sum);
            }
        }
    }

    private void rest(long diffDst, long indices, long diffSrc, int y) {
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
