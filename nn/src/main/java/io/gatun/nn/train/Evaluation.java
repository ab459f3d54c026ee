package io.gatun.nn.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a model does on its test set.
 *
 * @param loss mean over the set, in nats
 * @param accuracy share of right answers, 0 to 1; NaN where there is none
 * @param metrics further figures by name ({@link io.gatun.nn.metric.Metric#values}), in their order
 */
public record Evaluation(double loss, double accuracy, Map<String, Double> metrics) {
    /** Keeps a copy of the metrics. */
    public Evaluation {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }

    /** Without further figures. */
    public Evaluation(double loss, double accuracy) {
        this(loss, accuracy, Map.of());
    }

    /** Loss, accuracy where there is one, and all others by name. */
    public Map<String, Double> all() {
        Map<String, Double> all = new LinkedHashMap<>();
        all.put("loss", loss);
        if (!Double.isNaN(accuracy)) {
            all.put("accuracy", accuracy);
        }
        metrics.forEach(all::putIfAbsent);
        return all;
    }

    /**
     * One figure.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public double metric(String name) {
        Double value = all().get(name);
        if (value == null) {
            throw new IllegalArgumentException("this evaluation has no '" + name + "'; it has " + all().keySet());
        }
        return value;
    }
}
