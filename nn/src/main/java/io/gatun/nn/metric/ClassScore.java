package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Precision, recall, F1 or mean intersection over union of classes, as a metric with a name; the definitions are
 * {@link ConfusionMatrix}'s. Targets: class indices.
 */
public final class ClassScore implements Metric {
    private final String name;
    private final ConfusionMatrix matrix;
    private final ToDoubleFunction<ConfusionMatrix> figure;

    private ClassScore(String name, int classes, ToDoubleFunction<ConfusionMatrix> figure) {
        this.name = name;
        this.matrix = new ConfusionMatrix(classes);
        this.figure = figure;
    }

    /** {@code precision_macro} and so on, by the average. */
    public static ClassScore precision(int classes, Average average) {
        return new ClassScore(name("precision", average), classes, m -> m.precision(average));
    }

    /** {@code recall_macro} and so on, by the average. */
    public static ClassScore recall(int classes, Average average) {
        return new ClassScore(name("recall", average), classes, m -> m.recall(average));
    }

    /** {@code f1_macro} and so on, by the average. */
    public static ClassScore f1(int classes, Average average) {
        return new ClassScore(name("f1", average), classes, m -> m.f1(average));
    }

    /** Over class masks: rows are pixels. */
    public static ClassScore meanIou(int classes) {
        return new ClassScore("mean_iou", classes, ConfusionMatrix::meanIou);
    }

    private static String name(String figure, Average average) {
        return figure + "_" + average.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        matrix.update(predictions, targets, rows, columns);
    }

    @Override
    public double compute() {
        return matrix.total() == 0 ? Double.NaN : figure.applyAsDouble(matrix);
    }

    @Override
    public void reset() {
        matrix.reset();
    }

    @Override
    public void merge(Metric other) {
        matrix.merge(Batch.other(ClassScore.class, this, other).matrix);
    }
}
