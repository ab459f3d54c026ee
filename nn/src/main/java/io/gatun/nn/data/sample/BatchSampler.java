package io.gatun.nn.data.sample;

import io.gatun.nn.data.Sampler;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Cuts an epoch's order into batches. 200 samples in batches of 5 are 40 iterations in an epoch and 40,000 in a thousand
 * of them. Immutable and thread-safe.
 *
 * @param sampler which samples, in which order
 * @param batch samples in a batch, at least 1
 * @param dropLast leave out the last batch when it is not full; else it is smaller
 */
public record BatchSampler(Sampler sampler, int batch, boolean dropLast) {

    /** @throws IllegalArgumentException when {@code batch} is below 1 */
    public BatchSampler {
        if (batch < 1) {
            throw new IllegalArgumentException("batch sampler with batch " + batch + ": it must be at least 1");
        }
    }

    /** Batches in an epoch: ceil(samples / batch), or floor when the last is dropped. */
    public int size() {
        return (int) (((long) sampler.size() + (dropLast ? 0 : batch - 1)) / batch);
    }

    /** Iterations, that is updates, in that many epochs. */
    public long iterations(long epochs) {
        return Math.multiplyExact(size(), epochs);
    }

    /** The batches of an epoch, {@link #size()} of them. */
    public List<int[]> batches(long epoch) {
        int[] order = sampler.order(epoch);
        return IntStream.range(0, size())
                .mapToObj(i -> Arrays.copyOfRange(order, i * batch, Math.min(order.length, i * batch + batch)))
                .toList();
    }
}
