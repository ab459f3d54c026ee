package io.gatun.reference;

import io.gatun.memory.Raw;

/**
 * The tree of sums that the vector kernels use at every width, in scalars: 16 running sums that take four elements at a
 * time, folded in halves, then the last n mod 16 one by one.
 */
final class BlockSum {
    private static final int WAYS = 16;

    private BlockSum() {}

    static float of(long values, int n) {
        int whole = n - n % WAYS;
        int groups = whole - whole % (4 * WAYS);
        float[] sums = new float[WAYS];
        for (int i = 0; i < groups; i += 4 * WAYS) {
            for (int way = 0; way < WAYS; way++) {
                int at = i + way;
                sums[way] += Raw.f32(values, at)
                        + Raw.f32(values, at + WAYS)
                        + (Raw.f32(values, at + 2 * WAYS) + Raw.f32(values, at + 3 * WAYS));
            }
        }
        for (int i = groups; i < whole; i++) {
            sums[i % WAYS] += Raw.f32(values, i);
        }
        for (int half = WAYS / 2; half > 0; half /= 2) {
            for (int way = 0; way < half; way++) {
                sums[way] += sums[way + half];
            }
        }
        float sum = sums[0];
        for (int i = whole; i < n; i++) {
            sum += Raw.f32(values, i);
        }
        return sum;
    }
}
