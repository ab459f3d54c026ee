package io.gatun.nn.data.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTest {
    /** 70 of class 0, 25 of 1, 5 of 2, mixed. */
    private static final int[] LABELS = IntStream.range(0, 100)
            .map(i -> i % 20 < 14 ? 0 : i % 20 < 19 ? 1 : 2)
            .toArray();

    private static int[] counts(int[] rows, int classes) {
        int[] counts = new int[classes];
        for (int row : rows) {
            counts[LABELS[row]]++;
        }
        return counts;
    }

    private static void partition(int n, int[]... parts) {
        int[] all = Arrays.stream(parts).flatMapToInt(Arrays::stream).sorted().toArray();
        assertThat(all).isEqualTo(IntStream.range(0, n).toArray());
        for (int[] part : parts) {
            assertThat(part).isSorted();
        }
    }

    @Test
    void aFifthToTestOnBySeed42() {
        Split split = Split.random(150, 0.2, 42);
        assertThat(split.test()).hasSize(30);
        assertThat(split.validation()).isEmpty();
        partition(150, split.train(), split.test());
        assertThat(Split.random(150, 0.2, 42).test()).isEqualTo(split.test());
        assertThat(Split.random(150, 0.2, 43).test()).isNotEqualTo(split.test());
        // The split is part of the interface: a run that is resumed by a later build must not test on what it learned.
        assertThat(Split.random(10, 0.3, 42).test()).containsExactly(3, 8, 9);
    }

    @Test
    void sharesAreRoundedUpAsScikitLearnDoes() {
        assertThat(Split.random(11, 0.1, 0.2, 1).validation()).hasSize(2);
        assertThat(Split.random(11, 0.1, 0.2, 1).test()).hasSize(3);
        assertThat(Split.random(30, 0.1, 1).test()).hasSize(3);
        assertThat(Split.random(10, 0.1 + 0.2, 1).test()).hasSize(3);
        partition(
                11,
                Split.random(11, 0.1, 0.2, 1).train(),
                Split.random(11, 0.1, 0.2, 1).validation(),
                Split.random(11, 0.1, 0.2, 1).test());
        Split ordered = Split.inOrder(10, 0.2, 0.3);
        assertThat(ordered.train()).containsExactly(0, 1, 2, 3, 4);
        assertThat(ordered.validation()).containsExactly(5, 6);
        assertThat(ordered.test()).containsExactly(7, 8, 9);
    }

    @Test
    void stratifiedPartsHaveEachClassesShare() {
        Split split = Split.stratified(LABELS, 0.2, 0.2, 7);
        partition(100, split.train(), split.validation(), split.test());
        assertThat(counts(split.train(), 3)).containsExactly(42, 15, 3);
        assertThat(counts(split.validation(), 3)).containsExactly(14, 5, 1);
        assertThat(counts(split.test(), 3)).containsExactly(14, 5, 1);
        assertThat(Split.stratified(LABELS, 0.2, 0.2, 7).test()).isEqualTo(split.test());
        assertThat(Split.stratified(LABELS, 0.2, 0.2, 8).test()).isNotEqualTo(split.test());
    }

    @Test
    void largestRemaindersByHand() {
        // Quotas 10·(7, 5, 3)/15 = 4.67, 3.33, 2: the free place goes to the first.
        assertThat(Quotas.of(new int[] {7, 5, 3}, 10, 1)).containsExactly(5, 3, 2);
        assertThat(Quotas.of(new int[] {70, 50, 30}, 10, 1)).containsExactly(5, 3, 2);
        // 3·(90, 5, 5)/100 = 2.7, 0.15, 0.15: everyone gets one all the same.
        assertThat(Quotas.of(new int[] {90, 5, 5}, 3, 1)).containsExactly(1, 1, 1);
        // Equal remainders: the lower class; a class that is not there gets nothing.
        assertThat(Quotas.of(new int[] {5, 0, 5}, 3, 1)).containsExactly(2, 0, 1);
        // 9·(2, 8)/10 = 1.8, 7.2 -> 2, 7, but one of each must be left.
        assertThat(Quotas.of(new int[] {2, 8}, 8, 1)).containsExactly(1, 7);
    }

    @Test
    void everyClassIsInEveryPart() {
        for (int seed = 0; seed < 50; seed++) {
            int classes = 2 + seed % 5;
            int n = 8 * classes + seed;
            int s = seed;
            int[] labels = IntStream.range(0, n)
                    .map(i -> i < 3 * classes ? i % classes : (i * (s + 1)) % 3 % classes)
                    .toArray();
            Split split = Split.stratified(labels, 0.15, 0.25, seed);
            partition(n, split.train(), split.validation(), split.test());
            for (int[] part : List.of(split.train(), split.validation(), split.test())) {
                assertThat(Arrays.stream(part).map(i -> labels[i]).distinct().count())
                        .isEqualTo(classes);
            }
            assertThat(split.test()).hasSize((int) Math.ceil(0.25 * n));
        }
    }

    @Test
    void foldsTestEachSampleOnce() {
        for (List<Fold> folds : List.of(Fold.random(23, 5, 1), Fold.inOrder(23, 5))) {
            List<Integer> sizes = new ArrayList<>();
            for (Fold fold : folds) {
                partition(23, fold.train(), fold.test());
                sizes.add(fold.test().length);
            }
            assertThat(sizes).containsExactly(5, 5, 5, 4, 4);
            partition23(folds);
        }
        assertThat(Fold.inOrder(4, 2).get(1).test()).containsExactly(2, 3);
    }

    private static void partition23(List<Fold> folds) {
        int[] all = folds.stream()
                .flatMapToInt(fold -> Arrays.stream(fold.test()))
                .sorted()
                .toArray();
        assertThat(all).isEqualTo(IntStream.range(0, 23).toArray());
    }

    @Test
    void stratifiedFoldsDifferByOneAtMost() {
        List<Fold> folds = Fold.stratified(LABELS, 4, 3);
        for (Fold fold : folds) {
            partition(100, fold.train(), fold.test());
            assertThat(fold.test()).hasSize(25);
            int[] counts = counts(fold.test(), 3);
            assertThat(counts[0]).isBetween(17, 18);
            assertThat(counts[1]).isBetween(6, 7);
            assertThat(counts[2]).isBetween(1, 2);
        }
    }

    @Test
    void refusesWhatCannotBeSplit() {
        assertThatThrownBy(() -> Split.random(10, 1, 0)).hasMessageContaining("share 1.0");
        assertThatThrownBy(() -> Split.random(10, Double.NaN, 0)).hasMessageContaining("share NaN");
        assertThatThrownBy(() -> Split.random(2, 0.5, 0.5, 0)).hasMessageContaining("none to train on");
        assertThatThrownBy(() -> Split.stratified(new int[] {0, 0, 0, 1}, 0.5, 0))
                .hasMessageContaining("class 1 has 1 samples");
        assertThatThrownBy(() -> Split.stratified(new int[] {0, 0, 1, 1, 2, 2, 0, 0, 0, 0}, 0.1, 0))
                .hasMessageContaining("no room for each of 3 classes");
        assertThatThrownBy(() -> Split.stratified(new int[] {0, -1}, 0.5, 0)).hasMessageContaining("label -1");
        assertThatThrownBy(() -> Fold.random(3, 4, 0)).hasMessageContaining("4 folds of 3");
        assertThatThrownBy(() -> Fold.random(3, 1, 0)).hasMessageContaining("1 folds");
        assertThatThrownBy(() -> Fold.stratified(new int[] {0, 0, 1}, 2, 0)).hasMessageContaining("class 1 has 1");
    }
}
