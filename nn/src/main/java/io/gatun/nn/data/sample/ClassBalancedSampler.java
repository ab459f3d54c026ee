package io.gatun.nn.data.sample;

import io.gatun.nn.data.Sampler;
import io.gatun.nn.data.SplitMix;

/**
 * Exactly {@code perClass} samples of each class in each epoch, as evenly as can be: a class is gone through in random
 * order again and again, so that no sample comes twice before all of its class have come. Immutable and thread-safe.
 */
public final class ClassBalancedSampler implements Sampler {
    private final ClassMembers members;
    private final int perClass;
    private final long seed;

    /**
     * @param labels class of each sample
     * @param perClass samples of each class in an epoch, at least 1
     */
    public ClassBalancedSampler(int[] labels, int perClass, long seed) {
        if (perClass < 1) {
            throw new IllegalArgumentException(
                    "class-balanced sampler of " + perClass + " samples a class: there must be at least 1");
        }
        this.members = ClassMembers.of(labels);
        this.perClass = perClass;
        this.seed = seed;
        Math.multiplyExact(perClass, members.present().length);
    }

    @Override
    public int size() {
        return perClass * members.present().length;
    }

    @Override
    public int[] order(long epoch) {
        SplitMix random = SplitMix.of(seed, epoch);
        int[] order = new int[size()];
        int at = 0;
        for (int c : members.present()) {
            int[] own = members.of()[c].clone();
            for (int i = 0; i < perClass; i++) {
                if (i % own.length == 0) {
                    random.shuffle(own);
                }
                order[at++] = own[i % own.length];
            }
        }
        random.shuffle(order);
        return order;
    }
}
