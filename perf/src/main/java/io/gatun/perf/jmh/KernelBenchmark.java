package io.gatun.perf.jmh;

import io.gatun.perf.bench.CheckedPlan;
import io.gatun.spec.Spec;
import java.util.concurrent.TimeUnit;
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

/** What all kernel benchmarks share: a backend, its threads, and a plan whose result was checked once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public abstract class KernelBenchmark {
    @Param({"simd", "onednn"})
    public String backend;

    /** Threads of the backend's pool; 0 is one a processor. */
    @Param("0")
    public int threads;

    CheckedPlan plan;

    /** The problem, of the subclass's parameters. */
    abstract Spec spec();

    @Setup
    public void open() {
        int count = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        plan = new CheckedPlan(backend, count, spec());
    }

    /** Optimizer moments decay by 0.9 a run: without this they would be denormal, and slow, after 800. */
    @Setup(Level.Iteration)
    public void restore() {
        plan.restore();
    }

    @TearDown
    public void close() {
        plan.close();
    }
}
