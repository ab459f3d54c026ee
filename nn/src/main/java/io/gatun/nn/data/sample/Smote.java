package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;

/**
 * Synthetic minority over-sampling (Chawla and others, 2002): every class grows to the size of the largest by points
 * x + u·(neighbour - x), where x is a random member, the neighbour one of its k nearest of the same class, and u uniform
 * in [0, 1).
 *
 * @param k neighbours to choose from, usually 5
 * @param seed of everything drawn
 */
public record Smote(int k, long seed) implements Resampler {

    /** @throws IllegalArgumentException when {@code k} is below 1 */
    public Smote {
        if (k < 1) {
            throw new IllegalArgumentException("SMOTE with k=" + k + ": it must be at least 1");
        }
    }

    /** @throws IllegalArgumentException when a class that must grow has no more than k members */
    @Override
    public Resampled resample(Matrix x, int[] labels) {
        return Interpolation.grow("SMOTE", x, labels, k, seed, (own, _, wanted, random, add) -> {
            for (int i = 0; i < wanted; i++) {
                add.accept(random.below(own.length));
            }
        });
    }
}
