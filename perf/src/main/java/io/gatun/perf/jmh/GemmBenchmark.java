package io.gatun.perf.jmh;

import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Square products: 64 fits the first-level cache, 256 the second, 1,024 neither. */
public class GemmBenchmark extends KernelBenchmark {
    @Param({"64", "256", "1024"})
    public int size;

    @Override
    Spec spec() {
        return GemmSpec.of(size, size, size);
    }

    @Benchmark
    public void gemm() {
        plan.run();
    }
}
