package io.gatun.perf.jmh;

import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Batch norm with residual add and ReLU as at the end of a block of ResNet-20's stages: batch 128 x pixels rows. */
public class BatchNormBenchmark extends KernelBenchmark {
    @Param({"16", "32", "64"})
    public int channels;

    @Param({"TRAINING", "BACKWARD"})
    public Pass pass;

    @Override
    Spec spec() {
        long pixels = 32L * 16 / channels;
        return BatchNormSpec.training(128 * pixels * pixels, channels, true, true)
                .with(pass);
    }

    @Benchmark
    public void batchNorm() {
        plan.run();
    }
}
