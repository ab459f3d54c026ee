package io.gatun.nn.data;

import java.util.stream.IntStream;

/**
 * Every sample once, in the order of the set: for evaluation.
 *
 * @param size samples in the set, at least 0
 */
public record SequentialSampler(int size) implements Sampler {

    /** @throws IllegalArgumentException when {@code size} is negative */
    public SequentialSampler {
        if (size < 0) {
            throw new IllegalArgumentException("sampler over " + size + " samples: there must be at least 0");
        }
    }

    @Override
    public int[] order(long epoch) {
        return IntStream.range(0, size).toArray();
    }
}
