package io.gatun.nn.data.sample;

import io.gatun.nn.data.SplitMix;
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
        Resampled.check(x, labels);
        ClassMembers members = ClassMembers.of(labels);
        Interpolation grown = new Interpolation(x, labels);
        for (int c : members.present()) {
            int wanted = members.most() - members.count(c);
            if (wanted > 0) {
                Matrix own = x.select(members.of()[c]);
                int[][] neighbours = Interpolation.neighbours("SMOTE", own, c, k);
                SplitMix random = SplitMix.of(seed, c);
                for (int i = 0; i < wanted; i++) {
                    int base = random.below(own.rows());
                    grown.add(own, base, neighbours[base][random.below(k)], c, random);
                }
            }
        }
        return grown.build();
    }
}
