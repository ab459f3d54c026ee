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
 * Average pooling forward: 4 B read once from memory an input element, 4 B written an output element; a load and an addition
 * a cell. Windows are summed row by row, so that even a large plane is not one long chain of roundings.
 */
final class PoolAverage extends SimdPool {
    PoolAverage(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
    }

    @Override
    public String implementation() {
        return "simd:pool average";
    }

    @Override
    void row(long[] frame, long n, int y) {
        loops(frame[0] + n * srcImage(), frame[1] + n * dstImage() + (long) y * ow * c * 4, 0, y);
    }

    private void strips(long image, long dst, long unused, int y) {
        int top = windows.top(y);
        int bottom = windows.bottom(y);
        for (int x = 0; x < ow; x++) {
            int divisor = windows.divisor(y, x);
            for (int k = 0; k < inStrips; k += STRIP) {
                long to = dst + ((long) x * c + k) * 4;
                strip(image + k * 4L, to, top, bottom, windows.left(x), windows.right(x), divisor);
            }
        }
    }

    private void strip(long image, long dst, int top, int bottom, int left, int right, int divisor) {
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int y = top; y < bottom; y++) {
            FloatVector r0 = splat(0f);
            FloatVector r1 = r0;
            FloatVector r2 = r0;
            FloatVector r3 = r0;
            for (int x = left; x < right; x++) {
                long at = image + (long) (y * spec.w() + x) * c * 4;
                r0 = r0.add(load(at));
                r1 = r1.add(load(at + Lanes.BYTES));
                r2 = r2.add(load(at + 2 * Lanes.BYTES));
                r3 = r3.add(load(at + 3 * Lanes.BYTES));
            }
            s0 = s0.add(r0);
            s1 = s1.add(r1);
            s2 = s2.add(r2);
            s3 = s3.add(r3);
        }
        float high = PoolWindows.high(divisor);
        float low = PoolWindows.low(divisor);
        store(dst, s0.fma(splat(high), s0.mul(low)));
        store(dst + Lanes.BYTES, s1.fma(splat(high), s1.mul(low)));
        store(dst + 2 * Lanes.BYTES, s2.fma(splat(high), s2.mul(low)));
        store(dst + 3 * Lanes.BYTES, s3.fma(splat(high), s3.mul(low)));
    }

    private void vectors(long image, long dst, long unused, int y) {
        int top = windows.top(y);
        int bottom = windows.bottom(y);
        for (int x = 0; x < ow; x++) {
            int divisor = windows.divisor(y, x);
            for (int k = inStrips; k < inVectors; k += Lanes.COUNT) {
                long to = dst + ((long) x * c + k) * 4;
                vector(image + k * 4L, to, top, bottom, windows.left(x), windows.right(x), divisor);
            }
        }
    }

    private void vector(long image, long dst, int top, int bottom, int left, int right, int divisor) {
        FloatVector sum = splat(0f);
        for (int y = top; y < bottom; y++) {
            FloatVector row = splat(0f);
            for (int x = left; x < right; x++) {
                row = row.add(load(image + (long) (y * spec.w() + x) * c * 4));
            }
            sum = sum.add(row);
        }
        store(dst, sum.fma(splat(PoolWindows.high(divisor)), sum.mul(PoolWindows.low(divisor))));
    }

    private void rest(long image, long dst, long unused, int y) {
        int top = windows.top(y);
        int bottom = windows.bottom(y);
        VectorMask<Float> there = Lanes.first(c - inVectors);
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            int right = windows.right(x);
            FloatVector sum = splat(0f);
            for (int row = top; row < bottom; row++) {
                FloatVector cells = splat(0f);
                for (int col = left; col < right; col++) {
                    cells = cells.add(load(image + ((long) (row * spec.w() + col) * c + inVectors) * 4, there));
                }
                sum = sum.add(cells);
            }
            int divisor = windows.divisor(y, x);
            FloatVector mean = sum.fma(splat(PoolWindows.high(divisor)), sum.mul(PoolWindows.low(divisor)));
            store(dst + ((long) x * c + inVectors) * 4, mean, there);
        }
    }
}
