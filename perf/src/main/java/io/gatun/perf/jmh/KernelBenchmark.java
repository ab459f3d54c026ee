package io.gatun.perf.jmh;

import io.gatun.perf.bench.CheckedPlan;
import io.gatun.spec.Spec;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * One run of any kernel: a spec line on a backend, its result compared once with another implementation's. The lines are
 * in {@code io.gatun.perf.suite}; two JVMs, because the compiler's luck differs from one to the next, and short
 * iterations, because each is judged by the anchors right before and after it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 8, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class KernelBenchmark {
    @Param("gemm f32 m=64 n=64 k=64")
    public String spec;

    @Param("simd")
    public String backend;

    /** Threads of the backend's pool; 0 is one a processor. */
    @Param("0")
    public int threads;

    private CheckedPlan plan;

    @Setup
    public void open() {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        plan = new CheckedPlan(backend, count, Spec.parse(spec));
        AnchorProfiler.ran(plan.implementation());
    }

    @Setup(Level.Iteration)
    public void restore() {
        plan.restore();
    }

    @Benchmark
    public void run() {
        plan.run();
    }

    @TearDown
    public void close() {
        plan.close();
    }
}
