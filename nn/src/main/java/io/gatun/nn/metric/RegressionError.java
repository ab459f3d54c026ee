package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.function.DoubleUnaryOperator;

/** Mean absolute, mean squared or root mean squared error over all numbers of all rows. Targets: numbers. */
public final class RegressionError implements Metric {
    private final String name;
    private final DoubleUnaryOperator ofError;
    private final DoubleUnaryOperator ofMean;
    private double sum;
    private long count;

    private RegressionError(String name, DoubleUnaryOperator ofError, DoubleUnaryOperator ofMean) {
        this.name = name;
        this.ofError = ofError;
        this.ofMean = ofMean;
    }

    /** mean |y - t|. */
    public static RegressionError mae() {
        return new RegressionError("mae", Math::abs, mean -> mean);
    }

    /** mean (y - t)². */
    public static RegressionError mse() {
        return new RegressionError("mse", e -> e * e, mean -> mean);
    }

    /** The root of {@link #mse} over the whole set, not the mean of the batches' roots. */
    public static RegressionError rmse() {
        return new RegressionError("rmse", e -> e * e, Math::sqrt);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        long numbers = (long) rows * columns;
        double of = 0;
        for (long i = 0; i < numbers; i++) {
            of += ofError.applyAsDouble((double) Batch.number(predictions, i) - Batch.number(targets, i));
        }
        sum += of;
        count += numbers;
    }

    @Override
    public double compute() {
        return ofMean.applyAsDouble(sum / count);
    }

    @Override
    public void reset() {
        sum = 0;
        count = 0;
    }

    @Override
    public void merge(Metric other) {
        RegressionError error = Batch.other(RegressionError.class, this, other);
        sum += error.sum;
        count += error.count;
    }
}
