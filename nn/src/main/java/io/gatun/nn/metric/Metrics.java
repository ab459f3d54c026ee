package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Several metrics fed as one, so that whoever evaluates knows one object; the first one's figure is {@link #compute}. */
public final class Metrics implements Metric {
    private final List<Metric> metrics;

    /** @throws IllegalArgumentException if two of them have one name */
    public Metrics(Metric... metrics) {
        this.metrics = List.of(metrics);
        List<String> names = new ArrayList<>();
        for (Metric metric : metrics) {
            for (String name : metric.values().keySet()) {
                if (names.contains(name)) {
                    throw new IllegalArgumentException("two metrics are named '" + name + "'; leave one out");
                }
                names.add(name);
            }
        }
    }

    /** In the order given. */
    public List<Metric> all() {
        return metrics;
    }

    @Override
    public String name() {
        return "metrics";
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        metrics.forEach(metric -> metric.update(predictions, targets, rows, columns));
    }

    @Override
    public double compute() {
        return metrics.isEmpty() ? Double.NaN : metrics.getFirst().compute();
    }

    @Override
    public void reset() {
        metrics.forEach(Metric::reset);
    }

    @Override
    public void merge(Metric other) {
        List<Metric> others = Batch.other(Metrics.class, this, other).metrics;
        Batch.same(name(), "a number of", metrics.size(), others.size());
        for (int i = 0; i < others.size(); i++) {
            metrics.get(i).merge(others.get(i));
        }
    }

    @Override
    public Map<String, Double> values() {
        Map<String, Double> values = new LinkedHashMap<>();
        metrics.forEach(metric -> values.putAll(metric.values()));
        return values;
    }
}
