package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The sums of a chunk that batch norm needs, each channel a lane of its own and in the order of the rows. */
final class BatchNormSums {
    private BatchNormSums() {}

    /** sum[k] = sum of src[r, k] - pivot[k], squares[k] that of their squares. */
    static void distances(boolean across, long src, int rows, int c, long pivot, long sum, long squares) {
        long stride = c * 4L;
        int whole = Lanes.F.loopBound(c);
        if (across) {
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
}
