package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * {@code counts[true][predicted]}, and what follows from it. The answer of a row is its largest score, the first of
 * equals; with one column it is class 1 where the score is at least 0.5. A row with a NaN has no answer: it is a miss of
 * its class and nobody's false alarm. 0/0 is 0. Targets: class indices.
 */
public final class ConfusionMatrix implements Metric {
    private final int classes;
    private final long[][] counts;
    private final long[] unanswered;

    /** @param classes at least 2; targets are 0 to {@code classes} - 1 */
    public ConfusionMatrix(int classes) {
        if (classes < 2) {
            throw new IllegalArgumentException("a confusion matrix of " + classes + " classes; there are at least 2");
        }
        this.classes = classes;
        counts = new long[classes][classes];
        unanswered = new long[classes];
    }

    @Override
    public String name() {
        return "confusion";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        if (columns != 1 || classes != 2) {
            Batch.same(name(), "columns", classes, columns);
        }
        for (int row = 0; row < rows; row++) {
            int target = Batch.target(name(), targets, row, classes);
            add(target, columns == 1 ? binary(predictions, row) : Batch.argmax(predictions, row, columns));
        }
    }

    private static int binary(MemorySegment predictions, int row) {
        float score = Batch.number(predictions, row);
        return score >= 0.5f ? 1 : score < 0.5f ? 0 : -1;
    }

    /**
     * One answer.
     *
     * @param predicted -1 for none
     */
    public void add(int target, int predicted) {
        if (predicted < 0) {
            unanswered[target]++;
        } else {
            counts[target][predicted]++;
        }
    }

    /** Rows and columns of the matrix. */
    public int classes() {
        return classes;
    }

    /** A copy of {@code counts[true][predicted]}. */
    public long[][] counts() {
        return Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
    }

    /** Rows of that class without an answer. */
    public long unanswered(int target) {
        return unanswered[target];
    }

    /** How many rows are of that class. */
    public long support(int target) {
        return Arrays.stream(counts[target]).sum() + unanswered[target];
    }

    /** TP / (TP + FP). */
    public double precision(int c) {
        return ratio(counts[c][c], answered(c));
    }

    /** TP / (TP + FN). */
    public double recall(int c) {
        return ratio(counts[c][c], support(c));
    }

    /** 2 PR / (P + R) = 2 TP / (2 TP + FP + FN). */
    public double f1(int c) {
        return ratio(2 * counts[c][c], answered(c) + support(c));
    }

    /** TP / (TP + FP + FN): the intersection over the union of the two masks, where rows are pixels. */
    public double iou(int c) {
        return ratio(counts[c][c], answered(c) + support(c) - counts[c][c]);
    }

    /** Of all classes; micro is right answers by answers. */
    public double precision(Average average) {
        return average == Average.MICRO ? ratio(trace(), total() - noAnswer()) : mean(average, this::precision);
    }

    /** Of all classes; micro is right answers by rows, the accuracy. */
    public double recall(Average average) {
        return average == Average.MICRO ? ratio(trace(), total()) : mean(average, this::recall);
    }

    /** Of all classes; micro is 2 TP / (2 TP + FP + FN) of the sums, macro the mean of the classes' F1. */
    public double f1(Average average) {
        return average == Average.MICRO ? ratio(2 * trace(), 2 * total() - noAnswer()) : mean(average, this::f1);
    }

    /** The mean over the classes that have targets or answers, as segmentation papers take it. */
    public double meanIou() {
        double sum = 0;
        int seen = 0;
        for (int c = 0; c < classes; c++) {
            if (answered(c) + support(c) > 0) {
                sum += iou(c);
                seen++;
            }
        }
        return sum / seen;
    }

    private double mean(Average average, IntToDoubleFunction figure) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += figure.applyAsDouble(c) * (average == Average.MACRO ? 1 : support(c));
        }
        return average == Average.MACRO ? sum / classes : total() == 0 ? 0 : sum / total();
    }

    private long answered(int c) {
        long sum = 0;
        for (long[] row : counts) {
            sum += row[c];
        }
        return sum;
    }

    private long trace() {
        long sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += counts[c][c];
        }
        return sum;
    }

    private long noAnswer() {
        return Arrays.stream(unanswered).sum();
    }

    /** Rows in all. */
    public long total() {
        long sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += support(c);
        }
        return sum;
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    /** The accuracy. */
    @Override
    public double compute() {
        return total() == 0 ? Double.NaN : (double) trace() / total();
    }

    @Override
    public Map<String, Double> values() {
        return Map.of();
    }

    @Override
    public void reset() {
        Arrays.stream(counts).forEach(row -> Arrays.fill(row, 0));
        Arrays.fill(unanswered, 0);
    }

    @Override
    public void merge(Metric other) {
        ConfusionMatrix matrix = Batch.other(ConfusionMatrix.class, this, other);
        Batch.same(name(), "classes", classes, matrix.classes);
        for (int t = 0; t < classes; t++) {
            unanswered[t] += matrix.unanswered[t];
            for (int p = 0; p < classes; p++) {
                counts[t][p] += matrix.counts[t][p];
            }
        }
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "confusion matrix of %d classes, %d rows", classes, total());
    }
}
