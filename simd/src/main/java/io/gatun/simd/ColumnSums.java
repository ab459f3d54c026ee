package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;

/**
 * Sums down the columns of a row-major matrix. Each column is a lane of its own: eight rows at a time are added in pairs,
 * their sum to the running one, and the last rows mod 8 one by one, so the bits are the same at every width.
 *
 * <p>In wide matrices the running sums lie in {@code out}, in L1: nine loads and a store for each eight vectors read, and
 * every row is read from left to right. Down one vector of columns with the sum in a register, rows of 8 KB would all fall
 * into the same 12 lines of L1 (measured: half the speed).
 */
final class ColumnSums {
    /** Columns of a strip, whose sums (16 KB) stay in L1. */
    private static final int STRIP = 4096;

    /** Up to so many columns go one vector after the other: the loop along a row would be too short to pay. */
    private static final int NARROW = 128;

    private ColumnSums() {}

    /** out[c] = sum over rows of src[r, c], or of its square; rows lie next to each other. */
    static void sum(boolean squares, long src, long rows, int cols, long out) {
        Pack.zero(out, cols);
        add(squares, src, rows, cols * 4L, cols, out);
    }

    /** out[c] += sum over rows, which lie {@code stride} bytes apart. */
    static void add(boolean squares, long src, long rows, long stride, int cols, long out) {
        for (int from = 0; from < cols; from += STRIP) {
            int width = Math.min(STRIP, cols - from);
            strip(squares, src + from * 4L, rows, stride, width, out + from * 4L);
        }
    }

    private static void strip(boolean squares, long src, long rows, long stride, int cols, long out) {
        int whole = Lanes.F.loopBound(cols);
        if (whole <= NARROW) {
            for (int c = 0; c < whole; c += Lanes.COUNT) {
                if (squares) {
                    downSquares(src + c * 4L, rows, stride, out + c * 4L);
                } else {
                    down(src + c * 4L, rows, stride, out + c * 4L);
                }
            }
        } else {
            long eights = rows & ~7L;
            for (long r = 0; r < eights; r += 8) {
                if (squares) {
                    eightSquares(src + r * stride, stride, whole, out);
                } else {
                    eight(src + r * stride, stride, whole, out);
                }
            }
            for (long r = eights; r < rows; r++) {
                one(squares, src + r * stride, whole, out);
            }
        }
        few(squares, src + whole * 4L, rows, stride, cols - whole, out + whole * 4L);
    }

    /** One vector of columns with the sum in a register. */
    private static void down(long src, long rows, long stride, long out) {
        FloatVector sum = load(out);
        long at = src;
        long end = src + (rows & ~7L) * stride;
        for (; at < end; at += 8 * stride) {
            sum = sum.add(sumsEight(at, stride));
        }
        for (end = src + rows * stride; at < end; at += stride) {
            sum = sum.add(load(at));
        }
        sum.intoMemorySegment(Raw.MEMORY, out, Lanes.ORDER);
    }

    private static void downSquares(long src, long rows, long stride, long out) {
        FloatVector sum = load(out);
        long at = src;
        long end = src + (rows & ~7L) * stride;
        for (; at < end; at += 8 * stride) {
            sum = sum.add(sumsFourSquares(at, stride).add(sumsFourSquares(at + 4 * stride, stride)));
        }
        for (end = src + rows * stride; at < end; at += stride) {
            FloatVector x = load(at);
            sum = x.fma(x, sum);
        }
        sum.intoMemorySegment(Raw.MEMORY, out, Lanes.ORDER);
    }

    private static void eight(long src, long stride, int whole, long out) {
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            load(out + c * 4L)
                    .add(sumsEight(src + c * 4L, stride))
                    .intoMemorySegment(Raw.MEMORY, out + c * 4L, Lanes.ORDER);
        }
    }

    private static void eightSquares(long src, long stride, int whole, long out) {
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            long a = src + c * 4L;
            FloatVector sum = sumsFourSquares(a, stride).add(sumsFourSquares(a + 4 * stride, stride));
            load(out + c * 4L).add(sum).intoMemorySegment(Raw.MEMORY, out + c * 4L, Lanes.ORDER);
        }
    }

    private static FloatVector sumsEight(long a, long stride) {
        long b = a + 4 * stride;
        FloatVector low = load(a).add(load(a + stride)).add(load(a + 2 * stride).add(load(a + 3 * stride)));
        FloatVector high =
                load(b).add(load(b + stride)).add(load(b + 2 * stride).add(load(b + 3 * stride)));
        return low.add(high);
    }

    private static FloatVector sumsFourSquares(long a, long stride) {
        FloatVector x0 = load(a);
        FloatVector x1 = load(a + stride);
        FloatVector x2 = load(a + 2 * stride);
        FloatVector x3 = load(a + 3 * stride);
        return x1.fma(x1, x0.mul(x0)).add(x3.fma(x3, x2.mul(x2)));
    }

    private static void one(boolean squares, long src, int whole, long out) {
        for (int c = 0; c < whole; c += Lanes.COUNT) {
            FloatVector x = load(src + c * 4L);
            FloatVector sum = load(out + c * 4L);
            sum = squares ? x.fma(x, sum) : sum.add(x);
            sum.intoMemorySegment(Raw.MEMORY, out + c * 4L, Lanes.ORDER);
        }
    }

    /**
     * Columns that fill no vector, one by one with the same tree: with a mask in the loop C2 left vectors and masks on the
     * heap by the history of the JVM, and two overlapping vectors side by side were too many operations for one method.
     */
    private static void few(boolean squares, long src, long rows, long stride, int cols, long out) {
        long eights = rows & ~7L;
        for (int c = 0; c < cols; c++) {
            long at = src + c * 4L;
            float sum = Raw.f32(out, c);
            for (long r = 0; r < eights; r += 8, at += 8 * stride) {
                sum += four(squares, at, stride) + four(squares, at + 4 * stride, stride);
            }
            for (long r = eights; r < rows; r++, at += stride) {
                float x = Raw.f32(at, 0);
                sum = squares ? Math.fma(x, x, sum) : sum + x;
            }
            Raw.f32(out, c, sum);
        }
    }

    private static float four(boolean squares, long a, long stride) {
        float x0 = Raw.f32(a, 0);
        float x1 = Raw.f32(a + stride, 0);
        float x2 = Raw.f32(a + 2 * stride, 0);
        float x3 = Raw.f32(a + 3 * stride, 0);
        return squares ? Math.fma(x1, x1, x0 * x0) + Math.fma(x3, x3, x2 * x2) : x0 + x1 + (x2 + x3);
    }
}
