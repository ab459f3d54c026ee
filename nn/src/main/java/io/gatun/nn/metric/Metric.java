package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * A figure over a whole set that is fed batch by batch: {@link #update} for each, then {@link #compute}. Host arithmetic
 * in double; changes nothing of what it is shown. One thread at a time: give each thread its own and {@link #merge} them.
 *
 * <p>What {@code targets} hold depends on the metric: class indices (int32, one a row) for those of classification,
 * numbers (float32, {@code rows x columns}) for those of regression.
 */
public interface Metric {
    /** What logs call it: {@code accuracy}, {@code f1_macro}. */
    String name();

    /**
     * Takes one batch in.
     *
     * @param predictions float32, {@code rows x columns}, row-major: scores of classes, or predicted numbers
     * @param targets int32 {@code [rows]} or float32 {@code rows x columns}, see the metric
     * @throws IllegalArgumentException if a target is no class, or {@code columns} is not what the metric was made for
     */
    void update(MemorySegment predictions, MemorySegment targets, int rows, int columns);

    /** The figure over all batches since the last {@link #reset}; NaN where there were none. */
    double compute();

    /** Forgets all batches. */
    void reset();

    /**
     * Adds the batches that another one has seen, as if this had seen them.
     *
     * @throws IllegalArgumentException if the other one is of another kind or has other settings
     */
    void merge(Metric other);

    /** All figures by name; one where a metric has only {@link #compute}. */
    default Map<String, Double> values() {
        return Map.of(name(), compute());
    }

    /** A batch of {@code targets.length} rows with class targets. */
    default void update(float[] predictions, int[] targets) {
        int columns = Batch.columns(name(), predictions.length, targets.length);
        update(MemorySegment.ofArray(predictions), MemorySegment.ofArray(targets), targets.length, columns);
    }

    /** A batch of one column with numbers as targets. */
    default void update(float[] predictions, float[] targets) {
        if (predictions.length != targets.length) {
            throw new IllegalArgumentException(name() + ": " + predictions.length + " predictions and " + targets.length
                    + " targets; give as many of one as of the other");
        }
        update(MemorySegment.ofArray(predictions), MemorySegment.ofArray(targets), targets.length, 1);
    }
}
