package io.gatun.nn.data.sample;

import io.gatun.nn.data.RandomSampler;
import io.gatun.nn.data.Sampler;
import java.util.Arrays;
import java.util.Objects;

/**
 * A part of a set, such as {@code split.train()}: the inner sampler draws places in {@code indices}. So samplers for
 * classes get the labels of the part only ({@link #select}). Immutable and thread-safe.
 */
public final class SubsetSampler implements Sampler {
    private final int[] indices;
    private final Sampler sampler;

    /**
     * @param indices samples of the part, copied
     * @param sampler draws from 0..indices.length-1
     */
    public SubsetSampler(int[] indices, Sampler sampler) {
        this.indices = indices.clone();
        this.sampler = Objects.requireNonNull(sampler, "sampler");
    }

    /** The part in a new random order in each epoch. */
    public static SubsetSampler random(int[] indices, long seed) {
        return new SubsetSampler(indices, new RandomSampler(indices.length, seed));
    }

    /** The values at {@code indices}: the labels of a part. */
    public static int[] select(int[] values, int[] indices) {
        return Arrays.stream(indices).map(i -> values[i]).toArray();
    }

    @Override
    public int size() {
        return sampler.size();
    }

    @Override
    public int[] order(long epoch) {
        int[] order = sampler.order(epoch);
        for (int i = 0; i < order.length; i++) {
            order[i] = indices[order[i]];
        }
        return order;
    }
}
