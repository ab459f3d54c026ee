package io.gatun.perf.suite;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.perf.bench.CheckedPlan;
import io.gatun.perf.results.Measurement;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A problem on a backend.
 *
 * @param line of the problem
 */
public record Benchmark(String line, String backend, int threads) {
    /** A kernel runs on each of these that offers it. */
    private static final List<String> KERNELS = List.of("simd", "onednn");

    /** A whole step: with the best of everything, and without oneDNN. */
    private static final List<String> STEPS = List.of("auto", "simd");

    /** Its name in saved results. */
    public String id() {
        return Measurement.id(line, backend, threads);
    }

    /**
     * Every problem on every backend that has a kernel for it here.
     *
     * @param lines of problems
     * @throws IllegalArgumentException for a line that is none
     */
    public static List<Benchmark> of(List<String> lines, int threads) {
        Map<String, Kernels> open = new LinkedHashMap<>();
        try {
            for (String backend : KERNELS) {
                try {
                    open.put(backend, Kernels.open(backend, threads));
                } catch (NativeUnavailableException e) {
                    // Without oneDNN the suite is that of simd; gatun doctor says why it is not there.
                    continue;
                }
            }
            List<Benchmark> benchmarks = new ArrayList<>();
            for (String line : lines) {
                if (Problem.isStep(line)) {
                    STEPS.forEach(backend -> benchmarks.add(new Benchmark(line, backend, threads)));
                    continue;
                }
                Spec spec = Spec.parse(line);
                open.forEach((backend, kernels) -> {
                    if (CheckedPlan.offered(backend, kernels, spec)) {
                        benchmarks.add(new Benchmark(spec.toString(), backend, threads));
                    }
                });
            }
            return benchmarks;
        } finally {
            open.values().forEach(Kernels::close);
        }
    }
}
