package io.gatun.perf.jmh;

import io.gatun.perf.step.Net;
import io.gatun.perf.step.TrainingStep;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One training step of a net of {@link Net} on its usual batch: forward, loss, backward and optimizer. What it allocates
 * on the heap is the tape's record of the step; kernels allocate nothing.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 8, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class StepBenchmark {
    @Param("resnet20")
    public String net;

    @Param("auto")
    public String backend;

    /** Threads of the backend's pool; 0 is one a processor. */
    @Param("0")
    public int threads;

    private TrainingStep step;

    @Setup
    public void open() {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        Net chosen = Net.of(net);
        TrainingStep.check(chosen, backend, count);
        step = new TrainingStep(chosen, backend, count, chosen.batch());
        AnchorProfiler.ran("batch " + chosen.batch() + " on " + backend);
    }

    @Benchmark
    public float step() {
        return step.run();
    }

    @TearDown
    public void close() {
        step.close();
    }
}
