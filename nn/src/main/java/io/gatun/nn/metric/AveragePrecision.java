package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;

/**
 * The area under the precision-recall curve as a sum of steps, Σ (R_n - R_(n-1)) P_n over the different scores from the
 * largest down: no line is drawn between points, which would be too kind. Keeps 8 bytes a row. NaN without positives or
 * where a score was NaN. Targets as in {@link RocAuc}.
 */
public final class AveragePrecision implements Metric {
    private final String name;
    private final Ranking ranking;

    /** For class 1. */
    public AveragePrecision() {
        name = "average_precision";
        ranking = new Ranking(name, 1);
    }

    /** For one class against all others. */
    public AveragePrecision(int positive) {
        name = "average_precision_" + positive;
        ranking = new Ranking(name, positive);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        ranking.update(predictions, targets, rows, columns);
    }

    @Override
    public double compute() {
        Curve curve = curve();
        double area = curve.size() == 0 ? Double.NaN : 0;
        double before = 0;
        for (int i = 0; i < curve.size(); i++) {
            area += (curve.x()[i] - before) * curve.y()[i];
            before = curve.x()[i];
        }
        return area;
    }

    /** Recall against precision, a point for each different score; empty where {@link #compute} is NaN. */
    public Curve curve() {
        Ranking.Steps steps = ranking.steps();
        if (steps == null || steps.allPositives() == 0) {
            return Curve.NONE;
        }
        int points = steps.size();
        Curve curve = new Curve(new double[points], new double[points], steps.scores());
        for (int i = 0; i < points; i++) {
            long positives = steps.positives()[i];
            curve.x()[i] = (double) positives / steps.allPositives();
            curve.y()[i] = (double) positives / (positives + steps.negatives()[i]);
        }
        return curve;
    }

    @Override
    public void reset() {
        ranking.reset();
    }

    @Override
    public void merge(Metric other) {
        ranking.merge(Batch.other(AveragePrecision.class, this, other).ranking);
    }
}
