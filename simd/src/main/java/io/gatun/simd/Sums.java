package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums of consecutive floats whose tree is the same at every width: 16 running sums (one 512-bit vector, two of 256 or four
 * of 128) that take four elements at a time, folded in halves, and the last n mod 16 elements added one by one.
 */
final class Sums {
    /**
     * Floats a block: 16 x 4 elements an addition make it 256 additions deep, so a block is off by 258 roundings at most;
     * blocks are added in double. Blocks of a quarter spent a third of their time on ends and folds.
     */
    static final int BLOCK = 16 * 1024;

    private static final int WAYS = 16;
    private static final long WAY_BYTES = WAYS * 4L;

    /**
     * Elements that are added to each other before they are added to the running sums: one addition of 3 cycles in the
     * chain for four loads, where two can start in a cycle.
     */
    private static final int GROUP = 4 * WAYS;

    static final VectorShuffle<Float> BY_8 = shuffle(8);
    static final VectorShuffle<Float> BY_4 = shuffle(4);
    static final VectorShuffle<Float> BY_2 = shuffle(2);
    static final VectorShuffle<Float> BY_1 = shuffle(1);

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
        float sum = fold(running(a, whole));
        for (int i = whole; i < n; i++) {
            sum += Raw.f32(a, i);
        }
        return sum;
    }

    private static float products(long a, long b, int n) {
        int whole = n - n % WAYS;
        float sum = fold(runningProducts(a, b, whole));
        for (int i = whole; i < n; i++) {
            sum = Math.fma(Raw.f32(a, i), Raw.f32(b, i), sum);
        }
        return sum;
    }

    /** The running sums of {@code whole} values, a multiple of 16, already folded to one vector. */
    private static FloatVector running(long a, int whole) {
        int groups = whole - whole % GROUP;
        FloatVector s0 = Lanes.splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < groups; i += GROUP) {
            long at = a + i * 4L;
            s0 = s0.add(runningFour(at));
            if (Lanes.COUNT <= 8) {
                s1 = s1.add(runningFour(at + Lanes.BYTES));
            }
            if (Lanes.COUNT == 4) {
                s2 = s2.add(runningFour(at + 2 * Lanes.BYTES));
                s3 = s3.add(runningFour(at + 3 * Lanes.BYTES));
            }
        }
        for (int i = groups; i < whole; i += WAYS) {
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
        return runningTogether(s0, s1, s2, s3);
    }

    /** {@link #running} of 16 values, without its loops. */
    private static FloatVector runningOne(long a) {
        FloatVector zero = Lanes.splat(0f);
        if (Lanes.COUNT == 16) {
            return zero.add(load(a));
        }
        FloatVector s0 = zero.add(load(a));
        FloatVector s1 = zero.add(load(a + Lanes.BYTES));
        if (Lanes.COUNT == 8) {
            return s0.add(s1);
        }
        FloatVector s2 = zero.add(load(a + 2 * Lanes.BYTES));
        return s0.add(s2).add(s1.add(zero.add(load(a + 3 * Lanes.BYTES))));
    }

    /** (x0 + x1) + (x2 + x3) with x_j at {@code a} + 64 j bytes: the four elements of a group that go to the same sum. */
    private static FloatVector runningFour(long a) {
        return load(a).add(load(a + WAY_BYTES)).add(load(a + 2 * WAY_BYTES).add(load(a + 3 * WAY_BYTES)));
    }

    private static FloatVector runningProducts(long a, long b, int whole) {
        int groups = whole - whole % GROUP;
        FloatVector s0 = Lanes.splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = 0; i < groups; i += GROUP) {
            long x = a + i * 4L;
            long y = b + i * 4L;
            s0 = s0.add(runningFourProducts(x, y));
            if (Lanes.COUNT <= 8) {
                s1 = s1.add(runningFourProducts(x + Lanes.BYTES, y + Lanes.BYTES));
            }
            if (Lanes.COUNT == 4) {
                s2 = s2.add(runningFourProducts(x + 2 * Lanes.BYTES, y + 2 * Lanes.BYTES));
                s3 = s3.add(runningFourProducts(x + 3 * Lanes.BYTES, y + 3 * Lanes.BYTES));
            }
        }
        for (int i = groups; i < whole; i += WAYS) {
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
        return runningTogether(s0, s1, s2, s3);
    }

    private static FloatVector runningFourProducts(long a, long b) {
        FloatVector low = load(a + WAY_BYTES).fma(load(b + WAY_BYTES), load(a).mul(load(b)));
        FloatVector high = load(a + 2 * WAY_BYTES).mul(load(b + 2 * WAY_BYTES));
        return low.add(load(a + 3 * WAY_BYTES).fma(load(b + 3 * WAY_BYTES), high));
    }

    /** 16 sums to a vector of them: lane i with lane i + 8, then with i + 4, as far as they are vectors of their own. */
    static FloatVector runningTogether(FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
        if (Lanes.COUNT == 16) {
            return s0;
        }
        return Lanes.COUNT == 8 ? s0.add(s1) : s0.add(s2).add(s1.add(s3));
    }

    /** The 16 running sums at {@code ways} to one. */
    static float fold(long ways) {
        if (Lanes.COUNT == 16) {
            return fold(load(ways));
        }
        FloatVector s0 = load(ways);
        FloatVector s1 = load(ways + Lanes.BYTES);
        if (Lanes.COUNT == 8) {
            return fold(runningTogether(s0, s1, s0, s1));
        }
        return fold(runningTogether(s0, s1, load(ways + 2 * Lanes.BYTES), load(ways + 3 * Lanes.BYTES)));
    }

    /** The rest of the fold of 16 sums to one: halves, quarters, pairs. */
    private static float fold(FloatVector sums) {
        FloatVector eight = Lanes.COUNT == 16 ? sums.add(sums.rearrange(BY_8)) : sums;
        FloatVector four = Lanes.COUNT >= 8 ? eight.add(eight.rearrange(BY_4)) : eight;
        FloatVector pairs = four.add(four.rearrange(BY_2));
        return pairs.add(pairs.rearrange(BY_1)).lane(0);
    }

    /**
     * out[r] = the sum of n values (or squares) at {@code a} + r n, for {@link Lanes#COUNT} rows of up to {@link #BLOCK}
     * each, with the bits of {@link #sum}. One fold alone is a chain of 20 cycles; here all rows are folded together, 4 or
     * 5 instructions a row.
     *
     * @param lanes scratch for COUNT vectors
     */
    static void rows(boolean squares, long a, int n, long lanes, long out) {
        int whole = n - n % WAYS;
        if (squares) {
            for (int r = 0; r < Lanes.COUNT; r++) {
                long row = a + (long) r * n * 4;
                runningProducts(row, row, whole).intoMemorySegment(Raw.MEMORY, lanes + r * Lanes.BYTES, Lanes.ORDER);
            }
        } else if (whole == WAYS) {
            for (int r = 0; r < Lanes.COUNT; r++) {
                runningOne(a + (long) r * n * 4).intoMemorySegment(Raw.MEMORY, lanes + r * Lanes.BYTES, Lanes.ORDER);
            }
        } else {
            for (int r = 0; r < Lanes.COUNT; r++) {
                running(a + (long) r * n * 4, whole)
                        .intoMemorySegment(Raw.MEMORY, lanes + r * Lanes.BYTES, Lanes.ORDER);
            }
        }
        FoldRows.fold(lanes, out);
        if (whole < n) {
            for (int r = 0; r < Lanes.COUNT; r++) {
                tail(squares, a + (long) r * n * 4, whole, n, out + r * 4L);
            }
        }
    }

    private static void tail(boolean squares, long a, int whole, int n, long out) {
        float sum = Raw.f32(out, 0);
        for (int i = whole; i < n; i++) {
            float x = Raw.f32(a, i);
            sum = squares ? Math.fma(x, x, sum) : sum + x;
        }
        Raw.f32(out, 0, sum);
    }
}
