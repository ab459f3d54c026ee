package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The sums of a chunk that batch norm needs, each channel a lane of its own and in the order of the rows. */
final class BatchNormSums {
    private BatchNormSums() {}

    /** sum[k] = sum of src[r, k] - pivot[k], squares[k] that of their squares. */
    static void distances(long src, int rows, int c, long pivot, long sum, long squares) {
        long stride = c * 4L;
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            long lane = k * 4L;
            FloatVector p = load(pivot + lane);
            FloatVector s = splat(0f);
            FloatVector q = s;
            for (int r = 0; r < rows; r++) {
                FloatVector d = load(src + lane + r * stride).sub(p);
                s = s.add(d);
                q = d.fma(d, q);
            }
            store(sum + lane, s);
            store(squares + lane, q);
        }
        if (whole < c) {
            long lane = whole * 4L;
            VectorMask<Float> there = Lanes.first(c - whole);
            FloatVector p = load(pivot + lane, there);
            FloatVector s = splat(0f);
            FloatVector q = s;
            for (int r = 0; r < rows; r++) {
                FloatVector d = load(src + lane + r * stride, there).sub(p);
                s = s.add(d);
                q = d.fma(d, q);
            }
            store(sum + lane, s, there);
            store(squares + lane, q, there);
        }
    }

    /**
     * sum[k] = sum of g and behind it, sum[c + k] = sum of g (src - mean), with g = diffDst where dst is above 0
     * ({@code relu}) or everywhere.
     */
    static void gradients(boolean relu, long src, long dst, long diffDst, int rows, int c, long mean, long sum) {
        long stride = c * 4L;
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
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

    /** 1 where the ReLU let its input through, else 0; a factor and not a choice, so that a NaN gradient stays one. */
    static FloatVector open(FloatVector dst) {
        return splat(0f).blend(1f, dst.compare(VectorOperators.GT, 0f));
    }
}
