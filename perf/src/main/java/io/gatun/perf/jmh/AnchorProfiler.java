package io.gatun.perf.jmh;

import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Measures the anchor before and after every iteration, in the benchmark's own JVM, and reports the mean of both beside
 * the iteration's score; and by its label what implementation ran.
 */
public final class AnchorProfiler implements InternalProfiler {
    /** Of the anchor's result. */
    public static final String ANCHOR = "anchor";

    /** Begins the label of the result that only carries a name. */
    public static final String IMPLEMENTATION = "ran: ";

    /** A measurement right after an iteration is also the one right before the next. */
    private static final long FRESH_NANOS = 10_000_000;

    /** Set by the benchmark's setup in this JVM. JMH gives profiler and benchmark nothing in common. */
    private static volatile String implementation = "unknown";

    private final Anchor anchor;
    private double before;
    private double last;
    private long measured = System.nanoTime() - 2 * FRESH_NANOS;

    /**
     * With an anchor of its own.
     *
     * @param line kind and threads: {@code GEMM 2}; what JMH passes on from {@link #options}
     */
    public AnchorProfiler(String line) {
        String[] words = line.split(" ");
        anchor = new Anchor(AnchorKind.valueOf(words[0]), Integer.parseInt(words[1]));
    }

    /** The profiler's options for an anchor. */
    public static String options(AnchorKind kind, int threads) {
        return kind + " " + threads;
    }

    static void ran(String name) {
        implementation = name;
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        if (System.nanoTime() - measured > FRESH_NANOS) {
            measure();
        }
        before = last;
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        measure();
        return List.of(
                new ScalarResult(ANCHOR, (before + last) / 2, "ns", AggregationPolicy.AVG),
                new ScalarResult(IMPLEMENTATION + implementation, 1, "", AggregationPolicy.MAX));
    }

    private void measure() {
        last = anchor.nanos();
        measured = System.nanoTime();
    }

    @Override
    public String getDescription() {
        return "The anchor beside each iteration";
    }
}
