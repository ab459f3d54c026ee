package io.gatun.nn.data.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.data.RandomSampler;
import io.gatun.nn.data.Sampler;
import io.gatun.nn.data.SequentialSampler;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final int[] LABELS = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2};

    private static int[] countsOf(int[] order) {
        int[] counts = new int[3];
        for (int sample : order) {
            counts[LABELS[sample]]++;
        }
        return counts;
    }

    /** "200 samples, batch 5, 1000 epochs: the model will be updated 40 times": that is in one epoch. */
    @Test
    void b21FortyUpdatesAnEpochAndFortyThousandInAll() {
        BatchSampler batches = new BatchSampler(new RandomSampler(200, 42), 5, false);
        assertThat(batches.size()).isEqualTo(40);
        assertThat(batches.iterations(1000)).isEqualTo(40_000);
        assertThat(new BatchSampler(new SequentialSampler(5000), 500, false).size())
                .isEqualTo(10);
    }

    /** {@code int(m / batch_size)} drops the tail, and an order that is never shuffled is no SGD. */
    @Test
    void b10TheTailIsKeptAndEveryEpochShuffled() {
        Sampler sampler = new RandomSampler(23, 1);
        BatchSampler batches = new BatchSampler(sampler, 5, false);
        assertThat(batches.batches(0)).hasSize(5);
        assertThat(batches.batches(0).get(4)).hasSize(3);
        assertThat(batches.batches(0).stream()
                        .flatMapToInt(Arrays::stream)
                        .sorted()
                        .toArray())
                .isEqualTo(IntStream.range(0, 23).toArray());
        assertThat(new BatchSampler(sampler, 5, true).batches(0)).hasSize(4);
        assertThat(sampler.order(0)).isNotEqualTo(sampler.order(1)).isEqualTo(new RandomSampler(23, 1).order(0));
        assertThat(new BatchSampler(new SequentialSampler(0), 5, false).batches(0))
                .isEmpty();
    }

    /** The shuffle that BatchLoader has always had; its own test holds the same numbers. */
    @Test
    void theRandomOrderIsTheLoaders() {
        assertThat(new RandomSampler(50, 5).order(0)).startsWith(42, 20, 41, 11, 33, 24, 29, 7);
        assertThat(new SequentialSampler(3).order(9)).containsExactly(0, 1, 2);
    }

    @Test
    void everySamplerAnswersTheSameForTheSameEpoch() {
        double[] weights = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        for (Sampler sampler : List.of(
                new WeightedRandomSampler(weights, 8, true, 3),
                new WeightedRandomSampler(weights, 8, false, 3),
                new RandomOverSampler(LABELS, 3),
                new RandomUnderSampler(LABELS, 3),
                new ClassBalancedSampler(LABELS, 4, 3),
                SubsetSampler.random(new int[] {9, 4, 7, 1, 0}, 3))) {
            int[] order = sampler.order(2);
            assertThat(order).hasSize(sampler.size()).isEqualTo(sampler.order(2));
            assertThat(IntStream.range(0, 20)
                            .mapToObj(e -> Arrays.toString(sampler.order(e)))
                            .distinct()
                            .count())
                    .isGreaterThan(5);
            order[0] = 1000;
            assertThat(sampler.order(2)).doesNotContain(1000);
        }
    }

    @Test
    void drawsWithReplacementInProportion() {
        double[] weights = {1, 0, 3, 6, 0};
        int[] counts = new int[5];
        Arrays.stream(new WeightedRandomSampler(weights, 100_000, true, 1).order(0))
                .forEach(i -> counts[i]++);
        // Five standard deviations of a binomial of 100,000.
        for (int i = 0; i < 5; i++) {
            double p = weights[i] / 10;
            assertThat(counts[i]).isCloseTo((int) (1e5 * p), within((int) (5 * Math.sqrt(1e5 * p * (1 - p)))));
        }
    }

    @Test
    void drawsWithoutReplacementAsFromAnUrn() {
        // P(first = i) = w_i / 10; P(2 is drawn last) = P(0,1,2) + P(1,0,2) = 0.1·3/9 + 0.3·1/7.
        WeightedRandomSampler sampler = new WeightedRandomSampler(new double[] {1, 3, 6, 0}, 3, false, 1);
        int[] first = new int[3];
        int last = 0;
        for (int e = 0; e < 20_000; e++) {
            int[] order = sampler.order(e);
            assertThat(order).hasSize(3).doesNotHaveDuplicates().doesNotContain(3);
            first[order[0]]++;
            last += order[2] == 2 ? 1 : 0;
        }
        double[] wanted = {0.1, 0.3, 0.6};
        for (int i = 0; i < 3; i++) {
            assertThat(first[i] / 2e4).isCloseTo(wanted[i], within(0.02));
        }
        assertThat(last / 2e4).isCloseTo(0.1 / 3 + 0.3 / 7, within(0.01));
    }

    @Test
    void overUnderAndBalanced() {
        int[] over = new RandomOverSampler(LABELS, 1).order(0);
        assertThat(countsOf(over)).containsExactly(7, 7, 7);
        assertThat(Arrays.stream(over).distinct().count()).isEqualTo(10);
        int[] under = new RandomUnderSampler(LABELS, 1).order(0);
        assertThat(countsOf(under)).containsExactly(1, 1, 1);
        int[] balanced = new ClassBalancedSampler(LABELS, 4, 1).order(0);
        assertThat(countsOf(balanced)).containsExactly(4, 4, 4);
        assertThat(Arrays.stream(balanced).filter(i -> i < 7).distinct().count())
                .isEqualTo(4);
        for (int one = 7; one < 9; one++) {
            int sample = one;
            assertThat(Arrays.stream(balanced).filter(i -> i == sample).count()).isEqualTo(2);
        }
        int[] equal = countsOf(WeightedRandomSampler.balanced(LABELS, 30_000, 1).order(0));
        for (int count : equal) {
            assertThat(count).isCloseTo(10_000, within(410));
        }
    }

    @Test
    void aSubsetIsDrawnThroughItsIndices() {
        int[] train = {9, 7, 0, 1, 2};
        int[] labels = SubsetSampler.select(LABELS, train);
        assertThat(labels).containsExactly(2, 1, 0, 0, 0);
        int[] order = new SubsetSampler(train, new RandomOverSampler(labels, 1)).order(0);
        assertThat(order).hasSize(9).containsOnly(9, 7, 0, 1, 2);
        assertThat(countsOf(order)).containsExactly(3, 3, 3);
    }

    @Test
    void refusesWhatCannotBeDrawn() {
        assertThatThrownBy(() -> new WeightedRandomSampler(new double[] {1, -1}, 1, true, 0))
                .hasMessageContaining("weight -1.0 of sample 1");
        assertThatThrownBy(() -> new WeightedRandomSampler(new double[] {Double.NaN}, 1, true, 0))
                .hasMessageContaining("NaN");
        assertThatThrownBy(() -> new WeightedRandomSampler(new double[] {0, 0}, 1, true, 0))
                .hasMessageContaining("0 positive weights");
        assertThatThrownBy(() -> new WeightedRandomSampler(new double[] {1, 0, 1}, 3, false, 0))
                .hasMessageContaining("cannot draw 3 samples without");
        assertThatThrownBy(() -> new BatchSampler(new SequentialSampler(1), 0, false))
                .hasMessageContaining("batch 0");
        assertThatThrownBy(() -> new ClassBalancedSampler(LABELS, 0, 0)).hasMessageContaining("0 samples a class");
        assertThatThrownBy(() -> new RandomSampler(-1, 0)).hasMessageContaining("-1 samples");
    }
}
