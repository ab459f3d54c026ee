package io.gatun.perf.train;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a run ran on.
 *
 * @param backend the one whose plans have the most floating-point operations
 * @param families the kinds of operations that each backend's plans did
 */
record Ran(String backend, Map<String, TreeSet<String>> families) {
    static Ran of(Kernels kernels) {
        Map<String, TreeSet<String>> families = new TreeMap<>();
        Map<String, Double> flops = new TreeMap<>();
        for (Plan plan : kernels.plans()) {
            families.computeIfAbsent(plan.backend(), name -> new TreeSet<>())
                    .add(plan.spec().toString().split(" ", 2)[0]);
            flops.merge(plan.backend(), plan.spec().flops(), Double::sum);
        }
        String most = flops.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse("none");
        return new Ran(most, families);
    }

    /** {@code onednn: conv gemm; simd: batchnorm …}. */
    @Override
    public String toString() {
        return families.entrySet().stream()
                .map(e -> e.getKey() + ": " + String.join(" ", e.getValue()))
                .collect(Collectors.joining("; "));
    }
}
