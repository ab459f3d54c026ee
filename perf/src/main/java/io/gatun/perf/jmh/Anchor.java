package io.gatun.perf.jmh;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Plan;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.perf.bench.Quantile;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What the machine gives at this moment, measured by code that Gatun's own changes do not touch: as many threads as the
 * benchmark has, each with buffers of its own, in no pool of Gatun's. It lives as long as its JVM: JMH starts one for
 * each benchmark and tells a profiler of no end.
 */
final class Anchor {
    /** A fifth of the iteration that it stands beside. */
    private static final long NANOS = 20_000_000;

    private final List<Callable<Double>> threads = new ArrayList<>();
    private final ExecutorService pool;

    Anchor(AnchorKind kind, int threads) {
        NativeMemory memory = NativeMemory.standard();
        ParameterScope scope = memory.parameters("anchor");
        if (kind == AnchorKind.GEMM) {
            int size = (int) kind.size();
            Kernels kernels = Kernels.open("onednn", 1, memory);
            Plan plan = kernels.plan(GemmSpec.of(size, size, size));
            for (int i = 0; i < threads; i++) {
                MemorySegment a = scope.allocate(4L * size * size, "a");
                MemorySegment b = scope.allocate(4L * size * size, "b");
                MemorySegment c = scope.allocate(4L * size * size, "c");
                this.threads.add(() -> median(() -> plan.run(a, b, c)));
            }
        } else {
            for (int i = 0; i < threads; i++) {
                MemorySegment from = scope.allocate(kind.size(), "from").fill((byte) 1);
                MemorySegment to = scope.allocate(kind.size(), "to");
                this.threads.add(() -> median(() -> to.copyFrom(from)));
            }
        }
        pool = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("anchor").factory());
    }

    /** Nanoseconds of one run now: the mean of the threads' medians. */
    double nanos() {
        try {
            double sum = 0;
            for (Future<Double> thread : pool.invokeAll(threads)) {
                sum += thread.get();
            }
            return sum / threads.size();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("the anchor did not run: " + e.getMessage(), e);
        }
    }

    private static double median(Runnable run) {
        double[] samples = new double[256];
        int count = 0;
        long start = System.nanoTime();
        long before = start;
        while (count < samples.length && (count < 3 || before - start < NANOS)) {
            run.run();
            long now = System.nanoTime();
            samples[count++] = now - before;
            before = now;
        }
        return Quantile.of(Arrays.copyOf(samples, count), 0.5);
    }
}
