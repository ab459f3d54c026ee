package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The sums of a chunk that batch norm needs, each channel a lane of its own and in the order of the rows. */
final class BatchNormSums {
    /** Up to so many channels go one vector after the other. */
    private static final int NARROW = 512;

    private BatchNormSums() {}

    /** sum[k] = sum of src[r, k] - pivot[k], squares[k] that of their squares. */
    static void distances(long src, int rows, int c, long pivot, long sum, long squares) {
        long stride = c * 4L;
        int whole = Lanes.F.loopBound(c);
        if (whole > NARROW) {
            Pack.zero(sum, whole);
            Pack.zero(squares, whole);
            int fours = rows & ~3;
            for (int r = 0; r < fours; r += 4) {
                four(src + r * stride, stride, whole, pivot, sum, squares);
            }
            for (int r = fours; r < rows; r++) {
                one(src + r * stride, whole, pivot, sum, squares);
            }
        } else {
            for (long lane = 0; lane < whole * 4L; lane += Lanes.BYTES) {
                down(src + lane, rows, stride, pivot + lane, sum + lane, squares + lane);
            }
        }
        if (whole < c) {
            long lane = whole * 4L;
            last(src + lane, rows, stride, pivot + lane, sum + lane, squares + lane, c - whole);
        }
    }

    /** Four rows from left to right, the running sums in L1: for the reason that {@link ColumnSums} gives. */
    private static void four(long src, long stride, int whole, long pivot, long sum, long squares) {
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            long at = src + k * 4L;
            FloatVector p = load(pivot + k * 4L);
            FloatVector d0 = load(at).sub(p);
            FloatVector d1 = load(at + stride).sub(p);
            FloatVector d2 = load(at + 2 * stride).sub(p);
            FloatVector d3 = load(at + 3 * stride).sub(p);
            load(sum + k * 4L).add(d0.add(d1).add(d2.add(d3))).intoMemorySegment(Raw.MEMORY, sum + k * 4L, Lanes.ORDER);
            FloatVector q = d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2)));
            load(squares + k * 4L).add(q).intoMemorySegment(Raw.MEMORY, squares + k * 4L, Lanes.ORDER);
        }
    }

    private static void one(long src, int whole, long pivot, long sum, long squares) {
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            FloatVector d = load(src + k * 4L).sub(load(pivot + k * 4L));
            load(sum + k * 4L).add(d).intoMemorySegment(Raw.MEMORY, sum + k * 4L, Lanes.ORDER);
            d.fma(d, load(squares + k * 4L)).intoMemorySegment(Raw.MEMORY, squares + k * 4L, Lanes.ORDER);
        }
    }

    /** One vector of channels, the sums in registers. */
    private static void down(long src, int rows, long stride, long pivot, long sum, long squares) {
        FloatVector p = load(pivot);
        FloatVector s = splat(0f);
        FloatVector q = s;
        long at = src;
        for (long end = src + (rows & ~3) * stride; at < end; at += 4 * stride) {
            FloatVector d0 = load(at).sub(p);
            FloatVector d1 = load(at + stride).sub(p);
            FloatVector d2 = load(at + 2 * stride).sub(p);
            FloatVector d3 = load(at + 3 * stride).sub(p);
            s = s.add(d0.add(d1).add(d2.add(d3)));
            q = q.add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2))));
        }
        for (long end = src + rows * stride; at < end; at += stride) {
            FloatVector d = load(at).sub(p);
            s = s.add(d);
            q = d.fma(d, q);
        }
        s.intoMemorySegment(Raw.MEMORY, sum, Lanes.ORDER);
        q.intoMemorySegment(Raw.MEMORY, squares, Lanes.ORDER);
    }

    /** The channels that fill no vector, with the same tree. */
    private static void last(long src, int rows, long stride, long pivot, long sum, long squares, int count) {
        VectorMask<Float> there = Lanes.first(count);
        FloatVector p = load(pivot, there);
        FloatVector s = splat(0f);
        FloatVector q = s;
        long at = src;
        for (long end = src + (rows & ~3) * stride; at < end; at += 4 * stride) {
            FloatVector d0 = load(at, there).sub(p);
            FloatVector d1 = load(at + stride, there).sub(p);
            FloatVector d2 = load(at + 2 * stride, there).sub(p);
            FloatVector d3 = load(at + 3 * stride, there).sub(p);
            s = s.add(d0.add(d1).add(d2.add(d3)));
            q = q.add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2))));
        }
        for (long end = src + rows * stride; at < end; at += stride) {
            FloatVector d = load(at, there).sub(p);
            s = s.add(d);
            q = d.fma(d, q);
        }
        store(sum, s, there);
        store(squares, q, there);
    }

    /**
     * sum[k] = sum of g and behind it, sum[c + k] = sum of g (src - mean), with g = diffDst where dst is above 0
     * ({@code relu}) or everywhere.
     */
    static void gradients(boolean relu, long src, long dst, long diffDst, int rows, int c, long mean, long sum) {
        long stride = c * 4L;
        int whole = Lanes.F.loopBound(c);
        boolean wide = whole > NARROW;
        if (wide) {
            Pack.zero(sum, whole);
            Pack.zero(sum + stride, whole);
            for (int r = 0; r < rows; r += 2) {
                long at = r * stride;
                two(relu, src + at, dst + at, diffDst + at, r + 1 < rows ? stride : -1, whole, mean, sum, sum + stride);
            }
        }
        for (int k = wide ? whole : 0; k < whole; k += Lanes.COUNT) {
            long lane = k * 4L;
            FloatVector m = load(mean + lane);
            FloatVector s = splat(0f);
            FloatVector q = s;
            for (int r = 0; r < rows; r++) {
                long at = lane + r * stride;
                FloatVector g = load(diffDst + at);
                g = relu ? g.mul(open(load(dst + at))) : g;
                s = s.add(g);
                q = load(src + at).sub(m).fma(g, q);
            }
            store(sum + lane, s);
            store(sum + stride + lane, q);
        }
        if (whole < c) {
            long lane = whole * 4L;
            VectorMask<Float> there = Lanes.first(c - whole);
            FloatVector m = load(mean + lane, there);
            FloatVector s = splat(0f);
            FloatVector q = s;
            for (int r = 0; r < rows; r++) {
                long at = lane + r * stride;
                FloatVector g = load(diffDst + at, there);
                g = relu ? g.mul(open(load(dst + at, there))) : g;
                s = s.add(g);
                q = load(src + at, there).sub(m).fma(g, q);
            }
            store(sum + lane, s, there);
            store(sum + stride + lane, q, there);
        }
    }

    /** A row and the one {@code stride} bytes behind it, if that is not negative, from left to right. */
    private static void two(
            boolean relu,
            long src,
            long dst,
            long diffDst,
            long stride,
            int whole,
            long mean,
            long sum,
            long products) {
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            long lane = k * 4L;
            FloatVector m = load(mean + lane);
            FloatVector g = load(diffDst + lane);
            g = relu ? g.mul(open(load(dst + lane))) : g;
            FloatVector s = load(sum + lane).add(g);
            FloatVector q = load(src + lane).sub(m).fma(g, load(products + lane));
            if (stride >= 0) {
                g = load(diffDst + lane + stride);
                g = relu ? g.mul(open(load(dst + lane + stride))) : g;
                s = s.add(g);
                q = load(src + lane + stride).sub(m).fma(g, q);
            }
            s.intoMemorySegment(Raw.MEMORY, sum + lane, Lanes.ORDER);
            q.intoMemorySegment(Raw.MEMORY, products + lane, Lanes.ORDER);
        }
    }

    /** 1 where the ReLU let its input through, else 0; a factor and not a choice, so that a NaN gradient stays one. */
    static FloatVector open(FloatVector dst) {
        return splat(0f).blend(1f, dst.compare(VectorOperators.GT, 0f));
    }
}
