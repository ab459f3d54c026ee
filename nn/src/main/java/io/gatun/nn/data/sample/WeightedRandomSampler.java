package io.gatun.nn.data.sample;

import io.gatun.nn.data.Sampler;
import io.gatun.nn.data.SplitMix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Draws samples with chances in proportion to their weights, anew in each epoch. With replacement each draw is
 * independent. Without, a sample comes at most once, and the next one is drawn from those that are left: the keys
 * ln(u)/w of Efraimidis and Spirakis (2006), greatest first, have that distribution. A weight of 0 is never drawn.
 * Immutable and thread-safe.
 */
public final class WeightedRandomSampler implements Sampler {
    private final double[] weights;
    private final double[] cumulative;
    private final int size;
    private final boolean replacement;
    private final long seed;

    /**
     * @param weights one for each sample, finite, at least 0; copied
     * @param size draws in an epoch
     * @param replacement whether a sample may come twice
     * @throws IllegalArgumentException when a weight is negative or not finite, none is above 0, or fewer are than must
     *     be drawn without replacement
     */
    public WeightedRandomSampler(double[] weights, int size, boolean replacement, long seed) {
        this.weights = weights.clone();
        this.size = size;
        this.replacement = replacement;
        this.seed = seed;
        cumulative = new double[weights.length];
        double sum = 0;
        int positive = 0;
        for (int i = 0; i < weights.length; i++) {
            if (!(weights[i] >= 0 && weights[i] <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException(
                        "weight " + weights[i] + " of sample " + i + " must be finite and at least 0");
            }
            positive += weights[i] > 0 ? 1 : 0;
            sum += weights[i];
            cumulative[i] = sum;
        }
        if (size < 0 || (size > 0 && positive == 0) || (!replacement && size > positive) || sum > Double.MAX_VALUE) {
            throw new IllegalArgumentException("cannot draw " + size + " samples " + (replacement ? "with" : "without")
                    + " replacement from " + positive + " positive weights of sum " + sum);
        }
    }

    /** With weights 1 / (samples of the class): with replacement, each class is as likely as any other. */
    public static WeightedRandomSampler balanced(int[] labels, int size, long seed) {
        ClassMembers members = ClassMembers.of(labels);
        double[] weights = Arrays.stream(labels)
                .mapToDouble(label -> 1.0 / members.count(label))
                .toArray();
        return new WeightedRandomSampler(weights, size, true, seed);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int[] order(long epoch) {
        SplitMix random = SplitMix.of(seed, epoch);
        return replacement ? independent(random) : distinct(random);
    }

    private int[] independent(SplitMix random) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            double at = random.unit() * cumulative[cumulative.length - 1];
            order[i] = firstAbove(at);
        }
        return order;
    }

    /** The first sample whose cumulated weight is above {@code at}: never one of weight 0, which adds nothing. */
    private int firstAbove(double at) {
        int low = 0;
        int high = cumulative.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (cumulative[middle] > at) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        // Rounding may bring `at` to the whole sum: then the last that has a weight.
        while (weights[low] == 0) {
            low--;
        }
        return low;
    }

    private int[] distinct(SplitMix random) {
        double[] keys = new double[weights.length];
        for (int i = 0; i < keys.length; i++) {
            double log = StrictMath.log(1 - random.unit());
            keys[i] = weights[i] > 0 ? log / weights[i] : Double.NEGATIVE_INFINITY;
        }
        return IntStream.range(0, keys.length)
                .filter(i -> weights[i] > 0)
                .boxed()
                .sorted((a, b) -> Double.compare(keys[b], keys[a]))
                .limit(size)
                .mapToInt(i -> i)
                .toArray();
    }
}
