package io.gatun.nn.metric;

/**
 * The area under the receiver operating characteristic, exactly: the share of pairs of a positive and a negative in which
 * the positive has the larger score, equal scores counting half (Mann and Whitney 1947). No thresholds are chosen. Keeps 8
 * bytes a row. NaN without positives or negatives, or where a score was NaN.
 *
 * <p>Targets: class indices. With one column its score is that of class 1; with more, class {@code positive} is held
 * against all others.
 */
public final class RocAuc extends RankMetric {
    /** For class 1. */
    public RocAuc() {
        super("roc_auc", 1);
    }

    /** For one class against all others. */
    public RocAuc(int positive) {
        super("roc_auc_" + positive, positive);
    }

    @Override
    public double compute() {
        Ranking.Steps steps = steps();
        if (steps == null || steps.allPositives() == 0 || steps.allNegatives() == 0) {
            return Double.NaN;
        }
        // Twice the pairs won, a whole number: exact up to 2^52 pairs, some 90 million rows of each kind.
        double won = 0;
        long above = 0;
        long passed = 0;
        for (int i = 0; i < steps.size(); i++) {
            long positives = steps.positives()[i] - above;
            long negatives = steps.negatives()[i] - passed;
            won += (double) negatives * (2 * above + positives);
            above = steps.positives()[i];
            passed = steps.negatives()[i];
        }
        return won / (2.0 * above * passed);
    }

    /** False positive rate against true positive rate, from (0, 0) to (1, 1); empty where {@link #compute} is NaN. */
    public Curve curve() {
        Ranking.Steps steps = steps();
        if (steps == null || steps.allPositives() == 0 || steps.allNegatives() == 0) {
            return Curve.NONE;
        }
        int points = steps.size() + 1;
        Curve curve = new Curve(new double[points], new double[points], new float[points]);
        curve.thresholds()[0] = Float.POSITIVE_INFINITY;
        for (int i = 1; i < points; i++) {
            curve.x()[i] = (double) steps.negatives()[i - 1] / steps.allNegatives();
            curve.y()[i] = (double) steps.positives()[i - 1] / steps.allPositives();
            curve.thresholds()[i] = steps.scores()[i - 1];
        }
        return curve;
    }
}
