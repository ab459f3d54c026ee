package io.gatun.perf.results;

import io.gatun.perf.bench.Quantile;
import java.util.Arrays;

/**
 * One benchmark's samples, each with the anchor's beside it.
 *
 * @param spec its line
 * @param backend what was asked for: simd, onednn, auto
 * @param implementation what ran, in its own words
 * @param anchor the name of what it was measured against
 * @param nanos of one run, the mean of each iteration
 * @param anchorNanos of one run of the anchor around each iteration, as many
 * @param date the day, as 2026-01-31
 * @param revision git's name for the source, or {@code unknown}
 */
public record Measurement(
        String spec,
        String backend,
        String implementation,
        int threads,
        String anchor,
        double[] nanos,
        double[] anchorNanos,
        String date,
        String revision) {

    public Measurement {
        if (nanos.length == 0 || nanos.length != anchorNanos.length) {
            throw new IllegalArgumentException(nanos.length + " samples and " + anchorNanos.length
                    + " of the anchor: there must be as many, not 0");
        }
        for (double[] samples : new double[][] {nanos, anchorNanos}) {
            for (double sample : samples) {
                if (!(sample > 0 && sample < Double.POSITIVE_INFINITY)) {
                    throw new IllegalArgumentException("a sample of " + sample + " ns is no time");
                }
            }
        }
    }

    /** Names the benchmark: family and problem (the spec's line), backend, threads. */
    public String id() {
        return id(spec, backend, threads);
    }

    public static String id(String spec, String backend, int threads) {
        return spec + " on " + backend + ", " + threads + (threads == 1 ? " thread" : " threads");
    }

    /** Time over the anchor's, iteration by iteration: what a change of the machine leaves as it is. */
    public double[] ratios() {
        double[] ratios = new double[nanos.length];
        Arrays.setAll(ratios, i -> nanos[i] / anchorNanos[i]);
        return ratios;
    }

    public double medianRatio() {
        return Quantile.of(ratios(), 0.5);
    }

    public double medianNanos() {
        return Quantile.of(nanos, 0.5);
    }

    public double medianAnchorNanos() {
        return Quantile.of(anchorNanos, 0.5);
    }
}
