package io.gatun.perf.bench;

import io.gatun.spec.Spec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one entrant reached.
 *
 * @param implementation the backend's name
 * @param kernel what it ran, in its own words
 * @param nanos the samples, nanoseconds a run; the same round stands at the same place of each entrant
 * @param ratio speed over the second entrant's, median of the pairs; null but for the first of several
 */
public record Result(Spec spec, String implementation, String kernel, int threads, double[] nanos, Ratio ratio) {

    /** Median and quartiles of the pairs run in turn; above 1 the first is faster. */
    public record Ratio(double median, double low, double high) {}

    static Result of(Spec spec, Racer entrant, int threads, double[] nanos, double[] second) {
        Ratio ratio = null;
        if (second != null) {
            double[] pairs = new double[nanos.length];
            Arrays.setAll(pairs, i -> second[i] / nanos[i]);
            ratio = new Ratio(Quantile.of(pairs, 0.5), Quantile.of(pairs, 0.25), Quantile.of(pairs, 0.75));
        }
        return new Result(spec, entrant.name(), entrant.implementation(), threads, nanos, ratio);
    }

    /** Median of the samples, milliseconds a run. */
    public double medianMillis() {
        return Quantile.of(nanos, 0.5) / 1e6;
    }

    /** The fastest sample. */
    public double bestMillis() {
        return Quantile.of(nanos, 0) / 1e6;
    }

    /** GFLOP/s, or GB/s where bytes are the limit. */
    public double rate() {
        double work = spec.flops() > 0 ? spec.flops() : spec.bytes();
        return work / (medianMillis() * 1e6);
    }

    public String unit() {
        return spec.flops() > 0 ? "GFLOP/s" : "GB/s";
    }

    /** The keys of {@code --json}. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("spec", spec.toString());
        json.put("implementation", implementation);
        json.put("kernel", kernel);
        json.put("threads", threads);
        json.put("median_ms", medianMillis());
        json.put("best_ms", bestMillis());
        json.put("rate", rate());
        json.put("unit", unit());
        if (ratio != null) {
            json.put("ratio", ratio.median);
            json.put("ratio_low", ratio.low);
            json.put("ratio_high", ratio.high);
        }
        return json;
    }
}
