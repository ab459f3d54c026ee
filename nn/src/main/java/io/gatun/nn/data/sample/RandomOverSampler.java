package io.gatun.nn.data.sample;

import io.gatun.nn.data.Sampler;
import io.gatun.nn.data.SplitMix;

/**
 * Every sample once, and of each class as many again, drawn at random with replacement, as it has fewer than the
 * largest; all in a random order, drawn anew in each epoch. For training folds only: copies of one sample on both sides
 * of a split would be a leak. Immutable and thread-safe.
 */
public final class RandomOverSampler implements Sampler {
    private final ClassMembers members;
    private final int samples;
    private final long seed;

    /** @param labels class of each sample */
    public RandomOverSampler(int[] labels, long seed) {
        this.members = ClassMembers.of(labels);
        this.samples = labels.length;
        this.seed = seed;
    }

    @Override
    public int size() {
        return Math.multiplyExact(members.most(), members.present().length);
    }

    @Override
    public int[] order(long epoch) {
        SplitMix random = SplitMix.of(seed, epoch);
        int[] order = new int[size()];
        for (int i = 0; i < samples; i++) {
            order[i] = i;
        }
        int at = samples;
        for (int c : members.present()) {
            for (int i = members.count(c); i < members.most(); i++) {
                order[at++] = members.of()[c][random.below(members.count(c))];
            }
        }
        random.shuffle(order);
        return order;
    }
}
