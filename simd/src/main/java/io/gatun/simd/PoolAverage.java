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
    private final RowLoop squares = new RowLoop(MethodHandles.lookup(), this, "squares");

    PoolAverage(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
    }

    /** 2x2 without padding, the usual one: 64 MB took 1.3 to 1.6 ms where window by window behind a first reading they took 1.6 to 2.1. */
    @Override
    boolean streams() {
        return spec.kh() == 2 && spec.kw() == 2 && tiled(spec);
    }

    @Override
    public String implementation() {
        return "simd:pool average";
    }

    @Override
    void row(long[] frame, long n, int y) {
        long to = frame[1] + n * dstImage() + (long) y * ow * c * 4;
        if (streams()) {
            loops(squares, frame[0] + n * srcImage(), to, 0, y);
        } else {
            loops(frame[0] + n * srcImage(), to, 0, y);
        }
    }

    private void squares(long image, long dst, long unused, int y) {
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long step = vectorBytes;
        long at = image + 2 * y * line;
        long to = dst;
        FloatVector larger = splat(windows.high(y, 0));
        FloatVector smaller = splat(windows.low(y, 0));
        for (int x = 0; x < ow; x++) {
            for (long end = to + inVectors * 4L; to < end; to += step, at += step) {
                FloatVector upper = load(at).add(load(at + pixel));
                FloatVector lower = load(at + line).add(load(at + line + pixel));
                // Zero, as a sum that begins with it would have it.
                FloatVector sum = upper.add(lower).add(0f);
                store(to, sum.fma(larger, sum.mul(smaller)));
            }
            to += pixel - inVectors * 4L;
            at += 2 * pixel - inVectors * 4L;
        }
    }

    private void strips(long image, long dst, long unused, int y) {
        int top = windows.top(y);
        int rows = windows.bottom(y) - top;
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            long across = (windows.right(x) - left) * pixel;
            long at = image + top * line + left * pixel;
            long to = dst + x * pixel;
            for (long end = to + inStrips * 4L; to < end; to += stripBytes, at += stripBytes) {
                strip(at, to, rows * line, line, across, pixel, windows.high(y, x), windows.low(y, x));
            }
        }
    }

    private static void strip(
            long from, long dst, long down, long line, long across, long pixel, float high, float low) {
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (long start = from, end = from + down; start < end; start += line) {
            FloatVector r0 = splat(0f);
            FloatVector r1 = r0;
            FloatVector r2 = r0;
            FloatVector r3 = r0;
            for (long at = start, stop = start + across; at < stop; at += pixel) {
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
        FloatVector larger = splat(high);
        FloatVector smaller = splat(low);
        store(dst, s0.fma(larger, s0.mul(smaller)));
        store(dst + Lanes.BYTES, s1.fma(larger, s1.mul(smaller)));
        store(dst + 2 * Lanes.BYTES, s2.fma(larger, s2.mul(smaller)));
        store(dst + 3 * Lanes.BYTES, s3.fma(larger, s3.mul(smaller)));
    }

    private void vectors(long image, long dst, long unused, int y) {
        int top = windows.top(y);
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long down = (windows.bottom(y) - top) * line;
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            long across = (windows.right(x) - left) * pixel;
            long from = image + top * line + left * pixel + inStrips * 4L;
            long to = dst + x * pixel + inStrips * 4L;
            for (long end = dst + x * pixel + inVectors * 4L; to < end; to += vectorBytes, from += vectorBytes) {
                FloatVector sum = splat(0f);
                for (long start = from, last = from + down; start < last; start += line) {
                    FloatVector row = splat(0f);
                    for (long at = start, stop = start + across; at < stop; at += pixel) {
                        row = row.add(load(at));
                    }
                    sum = sum.add(row);
                }
                store(to, sum.fma(splat(windows.high(y, x)), sum.mul(windows.low(y, x))));
            }
        }
    }

    private void remainder(long image, long dst, long unused, int y) {
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
            FloatVector mean = sum.fma(splat(windows.high(y, x)), sum.mul(windows.low(y, x)));
            store(dst + ((long) x * c + inVectors) * 4, mean, there);
        }
    }
}
