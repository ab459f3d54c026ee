package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums of consecutive floats whose tree is the same at every width: 16 running sums (one 512-bit vector, two of 256 or four
 * of 128), folded in halves, and the last n mod 16 elements added one by one.
 */
final class Sums {
    /** Floats a block: 256 additions deep, so a block is off by 256 roundings at most; blocks are added in double. */
    static final int BLOCK = 4096;

    private static final int WAYS = 16;
    private static final VectorShuffle<Float> BY_8 = shuffle(8);
    private static final VectorShuffle<Float> BY_4 = shuffle(4);
    private static final VectorShuffle<Float> BY_2 = shuffle(2);
    private static final VectorShuffle<Float> BY_1 = shuffle(1);

    private Sums() {}

    private static VectorShuffle<Float> shuffle(int distance) {
        return VectorShuffle.fromOp(Lanes.F, lane -> (lane + distance) % Lanes.COUNT);
    }

    /** What is summed. */
    enum Term {
        VALUE,
        SQUARE,
        PRODUCT
    }

    /** The sum of n values at {@code a}, of their squares, or of their products with those at {@code b}. */
    static double sum(Term term, long a, long b, long n) {
        double sum = 0;
        for (long from = 0; from < n; from += BLOCK) {
            int block = (int) Math.min(BLOCK, n - from);
            sum += switch (term) {
                case VALUE -> values(a + from * 4, block);
                case SQUARE -> products(a + from * 4, a + from * 4, block);
                case PRODUCT -> products(a + from * 4, b + from * 4, block);
            };
        }
        return sum;
    }

    /** n up to {@link #BLOCK}. */
    private static float values(long a, int n) {
        int whole = n - n % WAYS;
        FloatVector s0 = Lanes.splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < whole; i += WAYS) {
            long at = a + i * 4L;
            s0 = s0.add(load(at));
            if (Lanes.COUNT <= 8) {
                s1 = s1.add(load(at + Lanes.BYTES));
            }
            if (Lanes.COUNT == 4) {
                s2 = s2.add(load(at + 2 * Lanes.BYTES));
                s3 = s3.add(load(at + 3 * Lanes.BYTES));
            }
        }
        float sum = fold(s0, s1, s2, s3);
        for (int i = whole; i < n; i++) {
            sum += Raw.f32(a, i);
        }
        return sum;
    }

    private static float products(long a, long b, int n) {
        int whole = n - n % WAYS;
        FloatVector s0 = Lanes.splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < whole; i += WAYS) {
            long x = a + i * 4L;
            long y = b + i * 4L;
            s0 = load(x).fma(load(y), s0);
            if (Lanes.COUNT <= 8) {
                s1 = load(x + Lanes.BYTES).fma(load(y + Lanes.BYTES), s1);
            }
            if (Lanes.COUNT == 4) {
                s2 = load(x + 2 * Lanes.BYTES).fma(load(y + 2 * Lanes.BYTES), s2);
                s3 = load(x + 3 * Lanes.BYTES).fma(load(y + 3 * Lanes.BYTES), s3);
            }
        }
        float sum = fold(s0, s1, s2, s3);
        for (int i = whole; i < n; i++) {
            sum = Math.fma(Raw.f32(a, i), Raw.f32(b, i), sum);
        }
        return sum;
    }

    /** 16 sums to one: lane i with lane i + 8, then 4, 2, 1. */
    private static float fold(FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
        FloatVector sum = s0;
        if (Lanes.COUNT == 16) {
            sum = sum.add(sum.rearrange(BY_8));
        } else if (Lanes.COUNT == 8) {
            sum = s0.add(s1);
        } else {
            return foldQuarter(s0.add(s2).add(s1.add(s3)));
        }
        return foldQuarter(sum.add(sum.rearrange(BY_4)));
    }

    private static float foldQuarter(FloatVector sum) {
        FloatVector pairs = sum.add(sum.rearrange(BY_2));
        return pairs.add(pairs.rearrange(BY_1)).lane(0);
    }

    /** The largest of n values, NaN if one is; the order does not matter to a maximum. */
    static float max(long a, int n) {
        int whole = Lanes.F.loopBound(n);
        FloatVector running = Lanes.splat(Float.NEGATIVE_INFINITY);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            running = running.max(load(a + i * 4L));
        }
        float max = Float.NEGATIVE_INFINITY;
        if (whole > 0) {
            running = Lanes.COUNT == 16 ? running.max(running.rearrange(BY_8)) : running;
            running = Lanes.COUNT >= 8 ? running.max(running.rearrange(BY_4)) : running;
            running = running.max(running.rearrange(BY_2));
            max = running.max(running.rearrange(BY_1)).lane(0);
        }
        for (int i = whole; i < n; i++) {
            max = Math.max(max, Raw.f32(a, i));
        }
        return max;
    }
}
