package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Sums down the columns of a row-major matrix. Each column is a lane of its own and is added in the order of its rows, so
 * the bits are the same at every width; strips of four vectors keep four additions in flight and read whole cache lines.
 */
final class ColumnSums {
    private ColumnSums() {}

    /** out[c] = sum over rows of src[r, c], or of its square. */
    static void sum(boolean squares, long src, long rows, int cols, long out) {
        long stride = cols * 4L;
        int wide = 4 * Lanes.COUNT;
        int c = 0;
        for (; c + wide <= cols; c += wide) {
            strip(squares, src + c * 4L, rows, stride, out + c * 4L);
        }
        for (; c + Lanes.COUNT <= cols; c += Lanes.COUNT) {
            FloatVector sum = splat(0f);
            for (long r = 0; r < rows; r++) {
                FloatVector x = load(src + r * stride + c * 4L);
                sum = squares ? x.fma(x, sum) : sum.add(x);
            }
            store(out + c * 4L, sum);
        }
        if (c < cols) {
            last(squares, src + c * 4L, rows, stride, out + c * 4L, Lanes.first(cols - c));
        }
    }

    private static void last(boolean squares, long src, long rows, long stride, long out, VectorMask<Float> there) {
        FloatVector sum = splat(0f);
        for (long r = 0; r < rows; r++) {
            FloatVector x = load(src + r * stride, there);
            sum = squares ? x.fma(x, sum) : sum.add(x);
        }
        store(out, sum, there);
    }

    private static void strip(boolean squares, long src, long rows, long stride, long out) {
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long at = src;
        for (long r = 0; r < rows; r++) {
            FloatVector x0 = load(at);
            FloatVector x1 = load(at + Lanes.BYTES);
            FloatVector x2 = load(at + 2 * Lanes.BYTES);
            FloatVector x3 = load(at + 3 * Lanes.BYTES);
            s0 = squares ? x0.fma(x0, s0) : s0.add(x0);
            s1 = squares ? x1.fma(x1, s1) : s1.add(x1);
            s2 = squares ? x2.fma(x2, s2) : s2.add(x2);
            s3 = squares ? x3.fma(x3, s3) : s3.add(x3);
            at += stride;
        }
        store(out, s0);
        store(out + Lanes.BYTES, s1);
        store(out + 2 * Lanes.BYTES, s2);
        store(out + 3 * Lanes.BYTES, s3);
    }
}
