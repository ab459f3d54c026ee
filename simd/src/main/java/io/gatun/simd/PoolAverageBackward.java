package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Average pooling backward by gathering: each input element adds up its shares of the windows over it, in their order, so
 * that the bits do not depend on threads and nothing is written twice. 4 B written an input element, 4 B read an output
 * element, once from memory.
 */
final class PoolAverageBackward extends SimdPool {
    PoolAverageBackward(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
    }

    @Override
    public String implementation() {
        return "simd:pool average backward";
    }

    @Override
    void row(long[] frame, long n, int y) {
        long to = frame[1] + n * srcImage() + (long) y * spec.w() * c * 4;
        loops(frame[0] + n * dstImage(), to, 0, y);
    }

    private void strips(long diffDst, long diffSrc, long unused, int y) {
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
                        int divisor = windows.divisor(row, col);
                        FloatVector high = splat(PoolWindows.high(divisor));
                        FloatVector low = splat(PoolWindows.low(divisor));
                        long at = diffDst + ((long) (row * ow + col) * c + k) * 4;
                        FloatVector g0 = load(at);
                        FloatVector g1 = load(at + Lanes.BYTES);
                        FloatVector g2 = load(at + 2 * Lanes.BYTES);
                        FloatVector g3 = load(at + 3 * Lanes.BYTES);
                        s0 = s0.add(g0.fma(high, g0.mul(low)));
                        s1 = s1.add(g1.fma(high, g1.mul(low)));
                        s2 = s2.add(g2.fma(high, g2.mul(low)));
                        s3 = s3.add(g3.fma(high, g3.mul(low)));
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

    private void vectors(long diffDst, long diffSrc, long unused, int y) {
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int firstCol = windows.firstCol(x);
            int endCol = windows.endCol(x);
            for (int k = inStrips; k < inVectors; k += Lanes.COUNT) {
                FloatVector sum = splat(0f);
                for (int row = firstRow; row < endRow; row++) {
                    for (int col = firstCol; col < endCol; col++) {
                        int divisor = windows.divisor(row, col);
                        FloatVector g = load(diffDst + ((long) (row * ow + col) * c + k) * 4);
                        sum = sum.add(g.fma(splat(PoolWindows.high(divisor)), g.mul(PoolWindows.low(divisor))));
                    }
                }
                store(diffSrc + ((long) x * c + k) * 4, sum);
            }
        }
    }

    private void rest(long diffDst, long diffSrc, long unused, int y) {
        VectorMask<Float> there = Lanes.first(c - inVectors);
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int endCol = windows.endCol(x);
            FloatVector sum = splat(0f);
            for (int row = firstRow; row < endRow; row++) {
                for (int col = windows.firstCol(x); col < endCol; col++) {
                    int divisor = windows.divisor(row, col);
                    FloatVector g = load(diffDst + ((long) (row * ow + col) * c + inVectors) * 4, there);
                    sum = sum.add(g.fma(splat(PoolWindows.high(divisor)), g.mul(PoolWindows.low(divisor))));
                }
            }
            store(diffSrc + ((long) x * c + inVectors) * 4, sum, there);
        }
    }
}
