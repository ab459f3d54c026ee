package io.gatun.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.metric.MeanAveragePrecision.Detection;
import io.gatun.nn.metric.MeanAveragePrecision.Truth;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Small cases that were worked out by hand, and the edges. */
class MetricTest {
    private static double of(Metric metric, float[] predictions, int... targets) {
        metric.update(predictions, targets);
        return metric.compute();
    }

    @Test
    void equalScoresRankTheLowerClassFirst() {
        float[] equal = {1, 1, 1};
        assertThat(of(new Accuracy(), equal, 0)).isEqualTo(1);
        assertThat(of(new Accuracy(), equal, 1)).isZero();
        assertThat(of(new Accuracy(2), equal, 1)).isEqualTo(1);
        assertThat(of(new Accuracy(2), equal, 2)).isZero();
        assertThat(of(new Accuracy(9), equal, 2)).isEqualTo(1);
    }

    @Test
    void aRowWithNanIsWrong() {
        float[] row = {Float.NaN, 3, 1};
        assertThat(of(new Accuracy(), row, 1)).isZero();
        assertThat(of(new Accuracy(3), row, 1)).isZero();
        ConfusionMatrix matrix = new ConfusionMatrix(3);
        matrix.update(row, new int[] {1});
        assertThat(matrix.unanswered(1)).isEqualTo(1);
        assertThat(matrix.compute()).isZero();
        assertThat(of(new RocAuc(), new float[] {Float.NaN, 1}, 0, 1)).isNaN();
        assertThat(of(new AveragePrecision(), new float[] {Float.NaN, 1}, 0, 1)).isNaN();
    }

    @Test
    void nothingSeenIsNan() {
        for (Metric metric : List.of(
                new Accuracy(),
                new ConfusionMatrix(2),
                ClassScore.f1(2, Average.MACRO),
                new RocAuc(),
                new AveragePrecision(),
                RegressionError.mae(),
                RegressionError.rmse(),
                new R2Score(),
                new Perplexity())) {
            assertThat(metric.compute()).as(metric.name()).isNaN();
            metric.update(new float[0], new int[0]);
            assertThat(metric.compute()).as(metric.name()).isNaN();
        }
    }

    /** Three cats, of which two are found; two dogs of which one; the rest are mixed up. */
    @Test
    void precisionRecallAndF1ByHand() {
        ConfusionMatrix matrix = new ConfusionMatrix(3);
        int[][] answers = {{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}};
        for (int[] answer : answers) {
            matrix.add(answer[0], answer[1]);
        }
        assertThat(matrix.precision(0)).isEqualTo(2.0 / 3);
        assertThat(matrix.recall(0)).isEqualTo(2.0 / 3);
        assertThat(matrix.precision(1)).isEqualTo(0.5);
        assertThat(matrix.f1(1)).isEqualTo(0.5);
        // Nobody is or was called class 2: 0/0.
        assertThat(matrix.precision(2)).isZero();
        assertThat(matrix.recall(2)).isZero();
        assertThat(matrix.f1(2)).isZero();
        assertThat(matrix.f1(Average.MICRO)).isEqualTo(0.6).isEqualTo(matrix.compute());
        assertThat(matrix.f1(Average.MACRO)).isCloseTo((2.0 / 3 + 0.5) / 3, within(1e-15));
        assertThat(matrix.f1(Average.WEIGHTED)).isCloseTo((3 * 2.0 / 3 + 2 * 0.5) / 5, within(1e-15));
        assertThat(matrix.meanIou()).isCloseTo((2.0 / 4 + 1.0 / 3) / 2, within(1e-15));
    }

    @Test
    void aucCountsTiesHalf() {
        // Pairs: (0.8 > 0.8)? half; (0.8, 0.1) won; (0.3, 0.8) lost; (0.3, 0.1) won: 2.5 of 4.
        RocAuc auc = new RocAuc();
        assertThat(of(auc, new float[] {0.8f, 0.3f, 0.8f, 0.1f}, 1, 1, 0, 0)).isEqualTo(2.5 / 4);
        Curve curve = auc.curve();
        assertThat(curve.x()).containsExactly(0, 0.5, 0.5, 1);
        assertThat(curve.y()).containsExactly(0, 0.5, 1, 1);
        assertThat(curve.thresholds()).containsExactly(Float.POSITIVE_INFINITY, 0.8f, 0.3f, 0.1f);
        assertThat(of(new RocAuc(), new float[] {-1, -2, 3, 4}, 0, 0, 1, 1)).isEqualTo(1);
        assertThat(of(new RocAuc(), new float[] {0f, -0f}, 1, 0)).isEqualTo(0.5);
        assertThat(of(new RocAuc(), new float[] {1, 2}, 1, 1)).isNaN();
    }

    @Test
    void averagePrecisionIsASumOfSteps() {
        AveragePrecision precision = new AveragePrecision();
        // Down from 4: right, wrong, right: 1/2 * 1 + 0 * 1/2 + 1/2 * 2/3.
        assertThat(of(precision, new float[] {4, 3, 2, 1}, 1, 0, 1, 0)).isCloseTo(0.5 + 1.0 / 3, within(1e-15));
        assertThat(precision.curve().x()).containsExactly(0.5, 0.5, 1, 1);
    }

    @Test
    void regressionByHand() {
        float[] guess = {2.5f, 0, 2, 8};
        float[] truth = {3, -0.5f, 2, 7};
        for (Metric metric : List.of(RegressionError.mae(), RegressionError.mse(), RegressionError.rmse())) {
            metric.update(guess, truth);
            double wanted = metric.name().equals("mae") ? 0.5 : metric.name().equals("mse") ? 0.375 : Math.sqrt(0.375);
            assertThat(metric.compute()).isEqualTo(wanted);
        }
        R2Score score = new R2Score();
        score.update(guess, truth);
        assertThat(score.compute()).isCloseTo(1 - 1.5 / 29.1875, within(1e-15));
        score.reset();
        score.update(new float[] {1, 2}, new float[] {3, 3});
        assertThat(score.compute()).as("targets that do not vary").isNaN();
    }

    @Test
    void uniformLogitsHaveThePerplexityOfTheirNumber() {
        assertThat(of(new Perplexity(), new float[] {7, 7, 7, 7}, 2)).isCloseTo(4, within(1e-12));
        assertThat(of(new Perplexity(), new float[] {1e30f, 0}, 0)).isEqualTo(1);
        assertThat(of(new Perplexity(), new float[] {0, 0, 0, 0}, -100, 1)).isCloseTo(2, within(1e-12));
    }

    @Test
    void boxesByHand() {
        Box a = new Box(0, 0, 2, 2);
        assertThat(a.iou(new Box(1, 1, 3, 3))).isEqualTo(1.0 / 7);
        assertThat(a.iou(new Box(2, 0, 3, 2))).isZero();
        assertThat(a.iou(a)).isEqualTo(1);
        assertThat(new Box(1, 1, 1, 1).iou(new Box(1, 1, 1, 1))).isZero();
        assertThatThrownBy(() -> new Box(1, 0, 0, 1)).hasMessageContaining("ends before it begins");
    }

    @Test
    void aSecondDetectionOfOneObjectIsAFalseAlarm() {
        Box box = new Box(0, 0, 10, 10);
        MeanAveragePrecision map = new MeanAveragePrecision(MeanAveragePrecision.Interpolation.ALL_POINTS);
        map.update(
                List.of(new Detection(box, 0, 0.8), new Detection(box, 0, 0.9)),
                List.of(new Truth(box, 0), new Truth(new Box(50, 50, 60, 60), 0)));
        assertThat(map.compute(0.5)).isEqualTo(0.5);
        assertThat(new MeanAveragePrecision().compute()).isNaN();
        MeanAveragePrecision points = new MeanAveragePrecision();
        points.update(List.of(new Detection(box, 0, 0.9)), List.of(new Truth(box, 0), new Truth(box, 0)));
        assertThat(points.compute(0.5)).as("recall reaches 0, 0.01, ..., 0.5").isCloseTo(51.0 / 101, within(1e-15));
    }

    @Test
    void percentilesAreAtMostABucketTooLarge() {
        LatencyHistogram histogram = new LatencyHistogram();
        LatencyHistogram half = new LatencyHistogram();
        long seed = System.nanoTime();
        long[] all = new Random(seed).longs(10_000, 0, 1L << 40).sorted().toArray();
        for (int i = 0; i < all.length; i++) {
            (i % 2 == 0 ? histogram : half).record(all[i]);
        }
        histogram.merge(half);
        for (double percent : new double[] {0, 1, 50, 90, 99, 100}) {
            long exact = all[(int) Math.max(0, Math.ceil(percent / 100 * all.length) - 1)];
            assertThat(histogram.percentile(percent))
                    .as("P%s, seed %d", percent, seed)
                    .isBetween(exact, exact + exact / 128 + 1);
        }
        assertThat(histogram.count()).isEqualTo(10_000);
        histogram.reset();
        histogram.record(200);
        histogram.record(Long.MAX_VALUE);
        assertThat(histogram.percentile(50)).isEqualTo(200);
        assertThat(histogram.percentile(100)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new Accuracy().update(new float[6], new int[] {0, 3}))
                .hasMessage("accuracy: target 3 of row 1 is no class of 3");
        assertThatThrownBy(() -> new ConfusionMatrix(4).update(new float[6], new int[] {0, 1}))
                .hasMessageContaining("columns 3 does not fit 4");
        assertThatThrownBy(() -> new Accuracy(2).merge(new Accuracy(3))).hasMessageContaining("cannot take in");
        assertThatThrownBy(() -> new Accuracy().merge(new RocAuc())).hasMessageContaining("cannot take in");
        assertThatThrownBy(() -> new Accuracy().update(new float[5], new int[2]))
                .hasMessageContaining("whole rows");
        assertThatThrownBy(() -> new Metrics(new Accuracy(), new Accuracy())).hasMessageContaining("named 'accuracy'");
        assertThatThrownBy(() -> new R2Score().update(new float[2], new float[3]))
                .hasMessageContaining("3 targets");
    }

    @Test
    void severalMetricsAreFedAsOne() {
        Metrics metrics = new Metrics(new Accuracy(), new ConfusionMatrix(2), ClassScore.f1(2, Average.MACRO));
        metrics.update(new float[] {1, 0, 0, 1}, new int[] {0, 1});
        assertThat(metrics.values()).containsOnlyKeys("accuracy", "f1_macro").containsEntry("f1_macro", 1.0);
        Metrics more = new Metrics(new Accuracy(), new ConfusionMatrix(2), ClassScore.f1(2, Average.MACRO));
        more.update(new float[] {1, 0}, new int[] {1});
        metrics.merge(more);
        assertThat(metrics.compute()).isEqualTo(2.0 / 3);
        metrics.reset();
        assertThat(metrics.compute()).isNaN();
    }
}
