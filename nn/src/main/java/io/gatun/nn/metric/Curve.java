package io.gatun.nn.metric;

/**
 * Points of a curve, from the strictest threshold to the loosest.
 *
 * @param x false positive rate or recall
 * @param y true positive rate or precision
 * @param thresholds a row is called positive from this score on; infinity where no row is
 */
public record Curve(double[] x, double[] y, float[] thresholds) {
    static final Curve NONE = new Curve(new double[0], new double[0], new float[0]);

    /** How many points; 0 where there is no curve. */
    public int size() {
        return x.length;
    }
}
