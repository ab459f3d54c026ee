package io.gatun.perf.step;

import io.gatun.kernel.Profile;
import io.gatun.perf.bench.Quantile;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What timed training steps gave.
 *
 * @param firstStep seconds from the process's start to the end of its first step, which the JVM interprets and compiles
 * @param nanos of each step
 * @param flops of one step, as its specs count them: those of matrix products and convolutions
 * @param allocated bytes of Java heap, all threads together, a step
 * @param peakRss the process's largest resident memory so far, bytes; 0 where the system does not say
 * @param peak what the host's threads reach in multiply-adds, FLOP/s
 * @param profiled what the kernels took in one more step
 * @param profiledNanos that step's own time
 */
public record StepReport(
        Net net,
        String backend,
        int threads,
        int batch,
        long parameters,
        double firstStep,
        double[] nanos,
        double flops,
        double allocated,
        long peakRss,
        double peak,
        float loss,
        List<Profile.Line> profiled,
        long profiledNanos) {

    public double medianMillis() {
        return Quantile.of(nanos, 0.5) / 1e6;
    }

    public double bestMillis() {
        return Quantile.of(nanos, 0) / 1e6;
    }

    /** Images or tokens a second, by the median. */
    public double rate() {
        return net.targets(batch) / (medianMillis() / 1e3);
    }

    /** What {@link #rate} counts: {@code img/s} or {@code tokens/s}. */
    public String unit() {
        return net.unit();
    }

    /** GFLOP/s, by the median. */
    public double gflops() {
        return flops / (medianMillis() * 1e6);
    }

    /** The keys of {@code --json}. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", net.word());
        json.put("backend", backend);
        json.put("threads", threads);
        json.put("batch", batch);
        json.put("parameters", parameters);
        json.put("first_step_s", firstStep);
        json.put("median_ms", medianMillis());
        json.put("best_ms", bestMillis());
        json.put("rate", rate());
        json.put("unit", unit());
        json.put("gflops", gflops());
        if (!backend.equals("cuda")) {
            json.put("share_of_peak", gflops() * 1e9 / peak);
        }
        json.put("peak_rss_mb", peakRss / (double) (1 << 20));
        json.put("alloc_bytes_per_step", allocated);
        json.put("loss", (double) loss);
        return json;
    }
}
