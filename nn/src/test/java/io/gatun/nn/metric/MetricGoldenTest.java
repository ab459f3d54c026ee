package io.gatun.nn.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.gatun.nn.golden.GoldenFile;
import io.gatun.nn.metric.MeanAveragePrecision.Detection;
import io.gatun.nn.metric.MeanAveragePrecision.Interpolation;
import io.gatun.nn.metric.MeanAveragePrecision.Truth;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every metric against metrics.py, which takes the words of the definitions literally; whole, in batches, and merged. */
class MetricGoldenTest {
    private static final Map<String, Double> GOLDEN = golden();
    private static final GoldenFile INPUTS = GoldenFile.of(MetricGoldenTest.class, "metrics.safetensors");

    private static Map<String, Double> golden() {
        try (InputStream bytes = MetricGoldenTest.class.getResourceAsStream("metrics.golden.txt")) {
            return new String(bytes.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .map(line -> line.split(" "))
                    .collect(Collectors.toMap(parts -> parts[0], parts -> Double.valueOf(parts[1])));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Feed {
        void to(Metric metric, int from, int to);
    }

    /** In one batch, in batches of 7, and in batches of 13 by three threads. */
    private static void check(Supplier<Metric> make, String name, int rows, Feed feed) {
        Metric whole = make.get();
        feed.to(whole, 0, rows);
        Metric parts = make.get();
        feed.to(parts, 0, 5);
        parts.reset();
        for (int from = 0; from < rows; from += 7) {
            feed.to(parts, from, Math.min(rows, from + 7));
        }
        List<Metric> three = Stream.generate(make).limit(3).toList();
        for (int from = 0; from < rows; from += 13) {
            feed.to(three.get(from % 3), from, Math.min(rows, from + 13));
        }
        Metric merged = make.get();
        three.forEach(merged::merge);
        for (Metric metric : List.of(whole, parts, merged)) {
            assertThat(metric.compute()).as(name).isCloseTo(GOLDEN.get(name), within(1e-9 * GOLDEN.get(name)));
        }
        assertThat(whole.values()).hasSize(1).containsEntry(whole.name(), whole.compute());
    }

    private static void classes(Metric metric, int from, int to) {
        metric.update(
                Arrays.copyOfRange(INPUTS.floats("classes/logits"), 5 * from, 5 * to),
                Arrays.copyOfRange(INPUTS.integers("classes/targets"), from, to));
    }

    @Test
    void ofClasses() {
        for (int k : new int[] {1, 2, 3, 5}) {
            check(() -> new Accuracy(k), "top" + k, 240, MetricGoldenTest::classes);
        }
        for (Average average : Average.values()) {
            String suffix = "_" + average.name().toLowerCase(Locale.ROOT);
            check(() -> ClassScore.precision(5, average), "precision" + suffix, 240, MetricGoldenTest::classes);
            check(() -> ClassScore.recall(5, average), "recall" + suffix, 240, MetricGoldenTest::classes);
            check(() -> ClassScore.f1(5, average), "f1" + suffix, 240, MetricGoldenTest::classes);
        }
        check(() -> ClassScore.meanIou(5), "mean_iou", 240, MetricGoldenTest::classes);
        check(Perplexity::new, "perplexity", 240, MetricGoldenTest::classes);
        check(() -> new Perplexity(3), "perplexity_without_3", 240, MetricGoldenTest::classes);
        for (int c = 0; c < 4; c++) {
            int positive = c;
            check(() -> new RocAuc(positive), "roc_auc_" + c, 240, MetricGoldenTest::classes);
            check(() -> new AveragePrecision(positive), "average_precision_" + c, 240, MetricGoldenTest::classes);
        }
    }

    @Test
    void confusionMatrixAndItsClasses() {
        ConfusionMatrix matrix = new ConfusionMatrix(5);
        classes(matrix, 0, 240);
        int[] counts = INPUTS.integers("classes/counts");
        for (int t = 0; t < 5; t++) {
            for (int p = 0; p < 5; p++) {
                assertThat(matrix.counts()[t][p]).isEqualTo(counts[5 * t + p]);
            }
            assertThat(matrix.precision(t)).isCloseTo(GOLDEN.get("precision_" + t), within(1e-12));
            assertThat(matrix.recall(t)).isCloseTo(GOLDEN.get("recall_" + t), within(1e-12));
            assertThat(matrix.f1(t)).isCloseTo(GOLDEN.get("f1_" + t), within(1e-12));
            assertThat(matrix.iou(t)).isCloseTo(GOLDEN.get("iou_" + t), within(1e-12));
        }
        assertThat(matrix.compute()).isEqualTo(GOLDEN.get("top1"));
    }

    @Test
    void ofScores() {
        Feed binary = (metric, from, to) -> metric.update(
                Arrays.copyOfRange(INPUTS.floats("binary/scores"), from, to),
                Arrays.copyOfRange(INPUTS.integers("binary/labels"), from, to));
        check(RocAuc::new, "roc_auc", 300, binary);
        check(AveragePrecision::new, "average_precision", 300, binary);
    }

    @Test
    void ofNumbers() {
        Feed numbers = (metric, from, to) -> metric.update(
                Arrays.copyOfRange(INPUTS.floats("numbers/guess"), from, to),
                Arrays.copyOfRange(INPUTS.floats("numbers/truth"), from, to));
        check(RegressionError::mae, "mae", 200, numbers);
        check(RegressionError::mse, "mse", 200, numbers);
        check(RegressionError::rmse, "rmse", 200, numbers);
        check(R2Score::new, "r2", 200, numbers);
    }

    private static MeanAveragePrecision boxes(Interpolation interpolation) {
        MeanAveragePrecision all = new MeanAveragePrecision(interpolation);
        for (int image = 0; image < 14; image++) {
            List<Detection> found = new ArrayList<>();
            List<Truth> truths = new ArrayList<>();
            for (float[] row : rows("boxes/found", image)) {
                found.add(new Detection(new Box(row[3], row[4], row[5], row[6]), (int) row[1], row[2]));
            }
            for (float[] row : rows("boxes/truths", image)) {
                truths.add(new Truth(new Box(row[3], row[4], row[5], row[6]), (int) row[1]));
            }
            MeanAveragePrecision one = new MeanAveragePrecision(interpolation);
            one.update(found, truths);
            all.merge(one);
        }
        return all;
    }

    private static List<float[]> rows(String name, int image) {
        float[] all = INPUTS.floats(name);
        List<float[]> rows = new ArrayList<>();
        for (int at = 0; at < all.length; at += 7) {
            if (all[at] == image) {
                rows.add(Arrays.copyOfRange(all, at, at + 7));
            }
        }
        return rows;
    }

    @Test
    void ofBoxes() {
        MeanAveragePrecision coco = boxes(Interpolation.POINTS_101);
        MeanAveragePrecision voc = boxes(Interpolation.ALL_POINTS);
        for (int label = 0; label < 3; label++) {
            assertThat(coco.averagePrecision(label, 0.5)).isCloseTo(GOLDEN.get("coco_" + label + "_50"), within(1e-12));
            assertThat(voc.averagePrecision(label, 0.5)).isCloseTo(GOLDEN.get("voc_" + label + "_50"), within(1e-12));
        }
        assertThat(coco.compute(0.5)).isCloseTo(GOLDEN.get("coco_50"), within(1e-12));
        assertThat(voc.compute(0.75)).isCloseTo(GOLDEN.get("voc_75"), within(1e-12));
        assertThat(coco.compute()).isCloseTo(GOLDEN.get("coco"), within(1e-12));
    }
}
