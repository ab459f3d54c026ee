package io.gatun.nn.metric;

/**
 * The area under the precision-recall curve as a sum of steps, Σ (R_n - R_(n-1)) P_n over the different scores from the
 * largest down: no line is drawn between points, which would be too kind. Keeps 8 bytes a row. NaN without positives or
 * where a score was NaN. Targets as in {@link RocAuc}.
 */
public final class AveragePrecision extends RankMetric {
    /** For class 1. */
    public AveragePrecision() {
        super("average_precision", 1);
    }

    /** For one class against all others. */
    public AveragePrecision(int positive) {
        super("average_precision_" + positive, positive);
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
        Ranking.Steps steps = steps();
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
}
