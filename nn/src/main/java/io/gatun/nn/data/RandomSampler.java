package io.gatun.nn.data;

import java.util.stream.IntStream;

/**
 * Every sample once, in a new random order in each epoch: Fisher-Yates by {@code SplitMix.of(seed, epoch)}, the order
 * that a shuffling {@link DataLoader} has always had.
 *
 * @param size samples in the set, at least 0
 * @param seed of all epochs
 */
public record RandomSampler(int size, long seed) implements Sampler {

    /** @throws IllegalArgumentException when {@code size} is negative */
    public RandomSampler {
        if (size < 0) {
            throw new IllegalArgumentException("sampler over " + size + " samples: there must be at least 0");
        }
    }

    @Override
    public int[] order(long epoch) {
        int[] order = IntStream.range(0, size).toArray();
        SplitMix.of(seed, epoch).shuffle(order);
        return order;
    }
}
