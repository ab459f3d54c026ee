package io.gatun.nn.data.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.sample.TomekLinks.Link;
import io.gatun.nn.data.table.Matrix;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResamplerTest {

    /** Points on a line. */
    private static Matrix line(float... places) {
        return new Matrix(places.length, 1, places);
    }

    private static Matrix cloud(int n, int features, long seed) {
        SplitMix random = SplitMix.of(seed);
        float[] values = new float[n * features];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.between(-1, 1);
        }
        return new Matrix(n, features, values);
    }

    private static int[] counts(int[] labels, int classes) {
        int[] counts = new int[classes];
        Arrays.stream(labels).forEach(label -> counts[label]++);
        return counts;
    }

    @Test
    void neighboursAreThoseOfASortOverBlocks() {
        Matrix points = cloud(600, 7, 1);
        int[][] found = Neighbours.nearest(points, points, 6, true);
        for (int q = 0; q < 600; q += 37) {
            int query = q;
            int[] sorted = IntStream.range(0, 600)
                    .filter(p -> p != query)
                    .boxed()
                    .sorted(Comparator.comparingDouble(p -> squared(points, query, p)))
                    .limit(6)
                    .mapToInt(p -> p)
                    .toArray();
            assertThat(found[q]).isEqualTo(sorted);
            assertThat(Neighbours.distances(points, q, points)[599]).isEqualTo(Math.sqrt(squared(points, q, 599)));
        }
        // Ties and duplicates: the lower number, and a point is never its own neighbour.
        assertThat(Neighbours.nearest(line(0, 0, 0, 1, -1), line(0, 0, 0, 1, -1), 4, true)[1])
                .containsExactly(0, 2, 3, 4);
        assertThat(Neighbours.nearest(line(5), line(5), 3, true)[0]).isEmpty();
    }

    private static double squared(Matrix x, int a, int b) {
        double sum = 0;
        for (int f = 0; f < x.columns(); f++) {
            sum += ((double) x.get(a, f) - x.get(b, f)) * ((double) x.get(a, f) - x.get(b, f));
        }
        return sum;
    }

    @Test
    void smoteMakesPointsBetweenNeighboursOfAClass() {
        Matrix x = cloud(60, 3, 2);
        int[] labels =
                IntStream.range(0, 60).map(i -> i < 40 ? 0 : i < 50 ? 1 : 2).toArray();
        Resampled made = new Smote(5, 9).resample(x, labels);
        assertThat(counts(made.labels(), 3)).containsExactly(40, 40, 40);
        assertThat(Arrays.copyOf(made.features().values(), 180)).isEqualTo(x.values());
        assertThat(Arrays.copyOf(made.origin(), 60))
                .isEqualTo(IntStream.range(0, 60).toArray());
        for (int row = 60; row < made.labels().length; row++) {
            assertThat(made.origin()[row]).isEqualTo(-1);
            assertThat(onSegment(x, labels, made, row, 5)).as("row %d", row).isTrue();
        }
        assertThat(new Smote(5, 9).resample(x, labels).features().values())
                .isEqualTo(made.features().values());
        assertThat(new Smote(5, 8).resample(x, labels).features().values())
                .isNotEqualTo(made.features().values());
    }

    /** Whether a made point is x + u (neighbour - x) for some member, one of its k nearest in the class, and one u. */
    private static boolean onSegment(Matrix x, int[] labels, Resampled made, int row, int k) {
        int[] own = IntStream.range(0, labels.length)
                .filter(i -> labels[i] == made.labels()[row])
                .toArray();
        Matrix members = x.select(own);
        int[][] nearest = Neighbours.nearest(members, members, k, true);
        for (int a = 0; a < own.length; a++) {
            for (int b : nearest[a]) {
                double u = (made.features().get(row, 0) - (double) members.get(a, 0))
                        / ((double) members.get(b, 0) - members.get(a, 0));
                boolean fits = u >= -1e-4 && u <= 1 + 1e-4;
                for (int f = 1; f < x.columns(); f++) {
                    double wanted = members.get(a, f) + u * ((double) members.get(b, f) - members.get(a, f));
                    fits &= Math.abs(made.features().get(row, f) - wanted) < 1e-4;
                }
                if (fits) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void smoteFillsTheSegmentEvenly() {
        // Two members at 0 and 1: every point is u or 1 - u, so their mean is a half and tenths hold a tenth each.
        float[] places = new float[10_002];
        Arrays.fill(places, 50);
        places[0] = 0;
        places[1] = 1;
        int[] labels = IntStream.range(0, 10_002).map(i -> i < 2 ? 1 : 0).toArray();
        Matrix made = new Smote(1, 3).resample(line(places), labels).features();
        int[] tenths = new int[10];
        for (int row = 10_002; row < made.rows(); row++) {
            tenths[Math.min(9, (int) (made.get(row, 0) * 10))]++;
        }
        assertThat(made.rows()).isEqualTo(20_000);
        assertThat(Arrays.stream(tenths).boxed()).allMatch(count -> count > 850 && count < 1150);
    }

    @Test
    void tomekLinksByHand() {
        //       0  1    2    3  4    5: the pairs (1, 2) and (4, 5) are each other's nearest, 4 and 5 of one class.
        Matrix x = line(0, 1, 1.5f, 3, 10, 10.1f);
        int[] labels = {0, 0, 1, 1, 0, 0};
        assertThat(TomekLinks.find(x, labels)).containsExactly(new Link(1, 2));
        assertThat(new TomekLinks(false).resample(x, labels).origin()).containsExactly(0, 2, 3, 4, 5);
        assertThat(new TomekLinks(true).resample(x, labels).origin()).containsExactly(0, 3, 4, 5);
        assertThat(new TomekLinks(true).resample(x, labels).labels()).containsExactly(0, 1, 0, 0);
        // The nearest of row 0 is row 1, but that one's is row 2.
        assertThat(TomekLinks.find(line(1.5f, 1, 0.9f), new int[] {1, 0, 0})).isEmpty();
        assertThat(TomekLinks.find(line(0.9f, 1, 1.5f), new int[] {0, 0, 1})).isEmpty();
    }

    @Test
    void smoteTomekLeavesNoLink() {
        Matrix x = cloud(80, 2, 4);
        int[] labels = IntStream.range(0, 80).map(i -> i < 60 ? 0 : 1).toArray();
        assertThat(TomekLinks.find(x, labels)).isNotEmpty();
        Resampled grown = new Smote(5, 1).resample(x, labels);
        Resampled cleaned = new SmoteTomek(new Smote(5, 1)).resample(x, labels);
        int links = TomekLinks.find(grown.features(), grown.labels()).size();
        assertThat(links).isPositive();
        assertThat(counts(cleaned.labels(), 2)).containsExactly(60 - links, 60 - links);
        for (int row = 0; row < cleaned.labels().length; row++) {
            int origin = cleaned.origin()[row];
            if (origin >= 0) {
                assertThat(cleaned.features().select(row).values())
                        .isEqualTo(x.select(origin).values());
                assertThat(cleaned.labels()[row]).isEqualTo(labels[origin]);
            }
        }
    }

    @Test
    void nearMissByHand() {
        // Minority (1) at 0, 1, 10; majority (0) at -1, 2, 3, 5, 30.
        Matrix x = line(0, 1, 10, -1, 2, 3, 5, 30);
        int[] labels = {1, 1, 1, 0, 0, 0, 0, 0};
        // Mean distance to the two nearest: 1.5, 1.5, 2.5, 4.5, 24.5.
        assertThat(new NearMiss(1, 2).resample(x, labels).origin()).containsExactly(0, 1, 2, 3, 4, 5);
        // To the two farthest: 6.5, 5, 5, 5, 29.5.
        assertThat(new NearMiss(2, 2).resample(x, labels).origin()).containsExactly(0, 1, 2, 4, 5, 6);
        // Nearest two of 0: -1, 2; of 1: 2, and -1 or 3, equally far, so -1; of 10: 5, 3. Of -1, 2, 3, 5 the greatest
        // mean distances to their own two nearest: 5 (4.5), 3 (2.5), then -1 before 2 (both 1.5).
        assertThat(new NearMiss(3, 2).resample(x, labels).origin()).containsExactly(0, 1, 2, 3, 5, 6);
    }

    @Test
    void adasynMakesMostWhereTheClassIsHardToTell() {
        // Class 1 at 0, 1, 2, 8; class 0 at 7, 9, 10, 11, 12, 13, 14, 15 with k = 3. Among the 3 nearest of all:
        // 0: 1, 2, 7 -> 1/3; 1: 0, 2, 7 -> 1/3; 2: 1, 0, 7 -> 1/3; 8: 7, 9, 10 -> 1. The sum is 2, G = 8 - 4 = 4:
        // 4·(1/6) = 0.67 -> 1 for each of the three, 4·(1/2) = 2 for the last: 5 in all.
        Matrix x = line(0, 1, 2, 8, 7, 9, 10, 11, 12, 13, 14, 15);
        int[] labels = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        Adasyn adasyn = new Adasyn(3, 1);
        assertThat(adasyn.counts(x, labels, new int[] {0, 1, 2, 3}, 1, 4)).containsExactly(1, 1, 1, 2);
        Resampled made = adasyn.resample(x, labels);
        assertThat(counts(made.labels(), 2)).containsExactly(8, 9);
        for (int row = 12; row < 17; row++) {
            assertThat(made.features().get(row, 0)).isBetween(0f, 8f);
            assertThat(made.origin()[row]).isEqualTo(-1);
        }
        assertThatThrownBy(() -> adasyn.resample(
                        line(0, 1, 2, 3, 100, 101, 102, 103, 104), new int[] {1, 1, 1, 1, 0, 0, 0, 0, 0}))
                .hasMessageContaining("hard to tell");
    }

    @Test
    void refusesWhatHasNoNeighbours() {
        int[] labels = {0, 0, 0, 0, 1, 1};
        assertThatThrownBy(() -> new Smote(5, 0).resample(line(0, 1, 2, 3, 4, 5), labels))
                .hasMessageContaining("at least 6 samples of class 1, which has 2");
        assertThatThrownBy(() -> new Smote(1, 0).resample(line(0, 1, 2, 3, Float.NaN, 5), labels))
                .hasMessageContaining("row 4, column 0 is NaN");
        assertThatThrownBy(() -> new NearMiss(1, 3).resample(line(0, 1, 2, 3, 4, 5), labels))
                .hasMessageContaining("class 1, which has 2");
        assertThatThrownBy(() -> new NearMiss(4, 3)).hasMessageContaining("version 4");
        assertThatThrownBy(() -> new Smote(0, 0)).hasMessageContaining("k=0");
        assertThatThrownBy(() -> new Smote(1, 0).resample(line(0), labels)).hasMessageContaining("do not fit");
    }
}
