package io.gatun.perf.jmh;

import io.gatun.spec.ConvSpec;
import io.gatun.spec.Spec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/**
 * The 3x3 convolutions of ResNet-20's three stages at batch 128: CIFAR's 32x32 pixels with 16 channels, halved and
 * doubled twice to 16x16 with 32 and 8x8 with 64; six of each are in the net, 0.6 GFLOP each.
 */
public class ConvBenchmark extends KernelBenchmark {
    @Param({"16", "32", "64"})
    public int channels;

    @Param
    public ConvSpec.Direction direction;

    @Override
    Spec spec() {
        int pixels = 32 * 16 / channels;
        return ConvSpec.of(128, pixels, pixels, channels, channels, 3, 1, 1).with(direction);
    }

    @Benchmark
    public void conv() {
        plan.run();
    }
}
