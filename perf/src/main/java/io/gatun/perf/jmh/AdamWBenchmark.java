package io.gatun.perf.jmh;

import io.gatun.spec.AdamWSpec;
import io.gatun.spec.Spec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One fused step over ResNet-20's 272,474 parameters (in cache) and ResNet-50's 25,557,032 (from memory). */
public class AdamWBenchmark extends KernelBenchmark {
    @Param({"272474", "25557032"})
    public long count;

    @Override
    Spec spec() {
        return AdamWSpec.of(count);
    }

    @Benchmark
    public void adamW() {
        plan.run();
    }
}
