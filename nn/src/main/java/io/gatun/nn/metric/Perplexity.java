package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;

/**
 * exp of the mean negative log-likelihood of the targets, in nats: how many equally likely tokens the model is torn
 * between. Predictions: logits, {@code rows x tokens}. Targets: tokens; rows of {@code ignored} do not count.
 */
public final class Perplexity implements Metric {
    /** What PyTorch ignores. */
    public static final int IGNORED = -100;

    private final int ignored;
    private double sum;
    private long count;

    /** Ignores targets of {@link #IGNORED}. */
    public Perplexity() {
        this(IGNORED);
    }

    /** @param ignored the target of rows that do not count, such as padding */
    public Perplexity(int ignored) {
        this.ignored = ignored;
    }

    @Override
    public String name() {
        return "perplexity";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        for (int row = 0; row < rows; row++) {
            if (Batch.target(targets, row) == ignored) {
                continue;
            }
            int target = Batch.target(name(), targets, row, columns);
            long first = (long) row * columns;
            sum += logSumExp(predictions, first, columns) - Batch.number(predictions, first + target);
            count++;
        }
    }

    private static double logSumExp(MemorySegment logits, long first, int columns) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < columns; c++) {
            max = Math.max(max, Batch.number(logits, first + c));
        }
        double exps = 0;
        for (int c = 0; c < columns; c++) {
            exps += Math.exp(Batch.number(logits, first + c) - max);
        }
        return max + Math.log(exps);
    }

    @Override
    public double compute() {
        return count == 0 ? Double.NaN : Math.exp(sum / count);
    }

    @Override
    public void reset() {
        sum = 0;
        count = 0;
    }

    @Override
    public void merge(Metric other) {
        Perplexity perplexity = Batch.other(Perplexity.class, this, other);
        sum += perplexity.sum;
        count += perplexity.count;
    }
}
