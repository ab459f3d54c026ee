package io.gatun.kernel;

import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Where the time goes: how often each plan of a {@link Kernels} ran and how long, from {@link Kernels#profile()} until
 * this is closed. Measuring costs two readings of the clock a run, about 50 ns. Safe for concurrent use.
 */
public final class Profile implements AutoCloseable {
    private final Kernels kernels;
    private final ConcurrentHashMap<Plan, Total> totals = new ConcurrentHashMap<>();

    Profile(Kernels kernels) {
        this.kernels = kernels;
    }

    private static final class Total {
        final LongAdder runs = new LongAdder();
        final LongAdder nanos = new LongAdder();
    }

    /**
     * One plan's share.
     *
     * @param nanos wall time in the kernel on the calling threads, together
     */
    public record Line(Plan plan, long runs, long nanos) {
        public Spec spec() {
            return plan.spec();
        }
    }

    void add(Plan plan, long nanos) {
        Total total = totals.computeIfAbsent(plan, p -> new Total());
        total.runs.increment();
        total.nanos.add(nanos);
    }

    /** One line for each plan that ran, the longest first. */
    public List<Line> lines() {
        List<Line> lines = new ArrayList<>();
        totals.forEach((plan, total) -> lines.add(new Line(plan, total.runs.sum(), total.nanos.sum())));
        lines.sort(Comparator.comparingLong(Line::nanos).reversed());
        return lines;
    }

    /** Ends the measuring; the lines stay. */
    @Override
    public void close() {
        kernels.end(this);
    }
}
