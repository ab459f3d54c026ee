package io.gatun.perf.bench;

import java.util.Arrays;

/** Quantiles of measured samples. */
public final class Quantile {
    private Quantile() {}

    /**
     * Linear interpolation between the ordered samples.
     *
     * @param samples at least one, left as they are
     * @param q 0 for the smallest, 0.5 for the median, 1 for the largest
     */
    public static double of(double[] samples, double q) {
        double[] ordered = samples.clone();
        Arrays.sort(ordered);
        double place = q * (ordered.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, ordered.length - 1);
        return ordered[below] + (place - below) * (ordered[above] - ordered[below]);
    }
}
