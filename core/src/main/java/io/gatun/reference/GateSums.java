package io.gatun.reference;

import io.gatun.memory.Raw;

/** What the gradients of one row's gates add to the gradients of a recurrent layer's inputs, weights and biases. */
final class GateSums {
    private GateSums() {}

    static void zero(long address, long count) {
        for (long i = 0; i < count; i++) {
            Raw.f32(address, i, 0);
        }
    }

    /** to [cols] = diff [gates] · weights [gates, cols], plus what was there if {@code adds}. */
    static void product(long diff, int gates, long weights, int cols, boolean adds, long to) {
        for (int k = 0; k < cols; k++) {
            double sum = adds ? Raw.f32(to, k) : 0;
            for (int q = 0; q < gates; q++) {
                sum += (double) Raw.f32(diff, q) * Raw.f32(weights, (long) q * cols + k);
            }
            Raw.f32(to, k, (float) sum);
        }
    }

    /** Adds diff · inputᵀ to the gradient of the weights [gates, cols], and diff to that of the bias, unless it is 0. */
    static void outer(long diff, int gates, long input, int cols, long diffWeights, long diffBias) {
        for (int q = 0; q < gates; q++) {
            float d = Raw.f32(diff, q);
            if (diffBias != 0) {
                Raw.f32(diffBias, q, Raw.f32(diffBias, q) + d);
            }
            for (int k = 0; k < cols; k++) {
                long at = (long) q * cols + k;
                Raw.f32(diffWeights, at, Raw.f32(diffWeights, at) + d * Raw.f32(input, k));
            }
        }
    }
}
