package io.gatun.onednn;

import io.gatun.kernel.Kernel;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A few primitives in a row, with Java between them where oneDNN's conventions differ from ours. What runs at once is
 * bounded only by the callers: each takes a set of arguments of its own from the pool. Nothing is allocated once there
 * are as many sets as callers.
 */
final class OneDnnKernel implements Kernel, AutoCloseable {
    /** Callers beyond these share a queue, which allocates a node each. */
    private static final int POOL = 16;

    /** Work on the operands between two primitives. */
    @FunctionalInterface
    interface JavaStep {
        void run(long[] frame);
    }

    private final Engine engine;
    private final Spec spec;
    private final String implementation;
    private final List<Primitive> primitives;
    private final List<Invocation> invocations;
    private final JavaStep[] steps;
    private final long scratchBytes;
    private final long workspaceBytes;
    private final AtomicReferenceArray<ArgumentSet> pool = new AtomicReferenceArray<>(POOL);
    private final Queue<ArgumentSet> overflow = new ConcurrentLinkedQueue<>();

    /** {@code steps}: Java's, and null where the next invocation takes place. */
    OneDnnKernel(
            Engine engine,
            Spec spec,
            String implementation,
            List<Primitive> primitives,
            List<Invocation> invocations,
            JavaStep[] steps,
            long scratchBytes,
            long workspaceBytes) {
        this.engine = engine;
        this.spec = spec;
        this.implementation = implementation;
        this.primitives = primitives;
        this.invocations = invocations;
        this.steps = steps;
        this.scratchBytes = scratchBytes;
        this.workspaceBytes = workspaceBytes;
    }

    @Override
    public String implementation() {
        return implementation;
    }

    @Override
    public long scratchBytes() {
        return scratchBytes;
    }

    @Override
    public long workspaceBytes() {
        return workspaceBytes;
    }

    @Override
    public void execute(long[] frame) {
        ArgumentSet set = acquire();
        try {
            set.bind(frame, spec);
            int invocation = 0;
            for (JavaStep step : steps) {
                if (step == null) {
                    HotCalls.setThreads(engine.threads());
                    set.execute(invocation++, spec);
                } else {
                    step.run(frame);
                }
            }
        } finally {
            release(set);
        }
    }

    private ArgumentSet acquire() {
        for (int i = 0; i < POOL; i++) {
            if (pool.getPlain(i) != null) {
                ArgumentSet set = pool.getAndSet(i, null);
                if (set != null) {
                    return set;
                }
            }
        }
        ArgumentSet set = overflow.poll();
        return set != null ? set : new ArgumentSet(engine, invocations, spec);
    }

    private void release(ArgumentSet set) {
        for (int i = 0; i < POOL; i++) {
            if (pool.getPlain(i) == null && pool.compareAndSet(i, null, set)) {
                return;
            }
        }
        overflow.add(set);
    }

    /** Destroys the native objects. Nothing may be running. */
    @Override
    public void close() {
        for (int i = 0; i < POOL; i++) {
            ArgumentSet set = pool.getAndSet(i, null);
            if (set != null) {
                set.close();
            }
        }
        for (ArgumentSet set = overflow.poll(); set != null; set = overflow.poll()) {
            set.close();
        }
        primitives.forEach(Primitive::close);
    }
}
