package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;

/**
 * R² = 1 - SS_res / SS_tot, the share of the targets' variance that is explained; below 0 for what is worse than their
 * mean, NaN where the targets do not vary. SS_tot is carried from batch to batch around a running mean (Chan, Golub and
 * LeVeque 1979): the difference of two large sums would lose targets like 1e8 + noise. Targets: numbers, one a row; give
 * each of several outputs its own.
 */
public final class R2Score implements Metric {
    private double residual;
    private double mean;
    private double total;
    private long count;

    /** For one output. */
    public R2Score() {}

    @Override
    public String name() {
        return "r2";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        Batch.same(name(), "columns", 1, columns);
        for (int row = 0; row < rows; row++) {
            double target = Batch.number(targets, row);
            double error = target - Batch.number(predictions, row);
            residual += error * error;
            add(1, target, 0);
        }
    }

    /** So many more targets of that mean and sum of squares around it. */
    private void add(long more, double ofMean, double around) {
        double apart = ofMean - mean;
        long all = count + more;
        mean += apart * more / all;
        total += around + apart * apart * ((double) count * more / all);
        count = all;
    }

    @Override
    public double compute() {
        return total == 0 ? Double.NaN : 1 - residual / total;
    }

    @Override
    public void reset() {
        residual = 0;
        mean = 0;
        total = 0;
        count = 0;
    }

    @Override
    public void merge(Metric other) {
        R2Score score = Batch.other(R2Score.class, this, other);
        if (score.count > 0) {
            residual += score.residual;
            add(score.count, score.mean, score.total);
        }
    }
}
