package io.gatun.perf.jmh;

import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One layer over 64 steps of batch 32 with 512 inputs and units: the language model of the peers' benchmark. */
public class LstmBenchmark extends KernelBenchmark {
    @Param({"TRAINING", "BACKWARD"})
    public Pass pass;

    @Override
    Spec spec() {
        return new LstmSpec(pass, 64, 32, 512, 512);
    }

    @Benchmark
    public void lstm() {
        plan.run();
    }
}
