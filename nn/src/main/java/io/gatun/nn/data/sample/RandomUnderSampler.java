package io.gatun.nn.data.sample;

import io.gatun.nn.data.Sampler;
import io.gatun.nn.data.SplitMix;

/**
 * Of each class as many samples as the smallest has, drawn at random without replacement, in a random order. Each epoch
 * draws anew, so that in time all samples are seen; the epochs of one sampler are the balanced subsets of an
 * EasyEnsemble. Immutable and thread-safe.
 */
public final class RandomUnderSampler implements Sampler {
    private final ClassMembers members;
    private final long seed;

    /** @param labels class of each sample */
    public RandomUnderSampler(int[] labels, long seed) {
        this.members = ClassMembers.of(labels);
        this.seed = seed;
    }

    private int perClass() {
        return members.classes() == 0 ? 0 : members.count(members.smallestClass());
    }

    @Override
    public int size() {
        return perClass() * members.present().length;
    }

    @Override
    public int[] order(long epoch) {
        SplitMix random = SplitMix.of(seed, epoch);
        int[] order = new int[size()];
        int at = 0;
        for (int c : members.present()) {
            int[] own = members.of()[c].clone();
            random.shuffle(own);
            System.arraycopy(own, 0, order, at, perClass());
            at += perClass();
        }
        random.shuffle(order);
        return order;
    }
}
