package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;

/**
 * Share of rows whose target is among the k largest scores; of equal scores the lower class ranks higher, so the answer
 * does not depend on a sort. A row with a NaN is wrong. Targets: class indices.
 */
public final class Accuracy implements Metric {
    private final int k;
    private long right;
    private long rows;

    /** Top 1. */
    public Accuracy() {
        this(1);
    }

    /** @param k at least 1; a row of k classes or fewer is always right */
    public Accuracy(int k) {
        if (k < 1) {
            throw new IllegalArgumentException("top-" + k + " accuracy is not possible; k is at least 1");
        }
        this.k = k;
    }

    @Override
    public String name() {
        return k == 1 ? "accuracy" : "top" + k + "_accuracy";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int count, int columns) {
        for (int row = 0; row < count; row++) {
            int target = Batch.target(name(), targets, row, columns);
            right += rank(predictions, row, columns, target) < k ? 1 : 0;
        }
        rows += count;
    }

    /** How many classes come before the target. */
    private static int rank(MemorySegment predictions, long row, int columns, int target) {
        float score = Batch.number(predictions, row * columns + target);
        int before = 0;
        for (int c = 0; c < columns; c++) {
            float value = Batch.number(predictions, row * columns + c);
            if (value != value) {
                return Integer.MAX_VALUE;
            }
            before += value > score || (value == score && c < target) ? 1 : 0;
        }
        return before;
    }

    @Override
    public double compute() {
        return (double) right / rows;
    }

    @Override
    public void reset() {
        right = 0;
        rows = 0;
    }

    @Override
    public void merge(Metric other) {
        Accuracy accuracy = Batch.other(Accuracy.class, this, other);
        right += accuracy.right;
        rows += accuracy.rows;
    }
}
