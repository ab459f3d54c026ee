package io.gatun.perf.bench;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.spec.Spec;
import java.util.List;

/**
 * One backend's plan on filled buffers, compared once with another implementation's result: what a JMH benchmark runs.
 */
public final class CheckedPlan implements AutoCloseable {
    private static final long SEED = 7;

    /** Who may judge, the fastest first: the reference takes seconds for a convolution of ResNet-50. */
    private static final List<String> JUDGES = List.of("onednn", "simd", "reference");

    private final Kernels kernels;
    private final ParameterScope scope;
    private final Entrant entrant;
    private final boolean updates;
    private int runs;

    /**
     * Opens the backend, runs it and another one once.
     *
     * @throws DisagreementException if the results differ
     * @throws RefusedException if the backend has no kernel for the spec
     */
    public CheckedPlan(String backend, int threads, Spec spec) {
        NativeMemory memory = NativeMemory.standard();
        kernels = Kernels.open(backend, threads, memory);
        scope = kernels.memory().parameters("jmh");
        try {
            entrant = Entrant.of(backend, kernels, spec, SEED, scope);
            updates = entrant.updates();
            entrant.run();
            check(memory, threads);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Compares with the first other implementation that there is. */
    private void check(NativeMemory memory, int threads) {
        for (String name : JUDGES) {
            if (!name.equals(entrant.name()) && judge(name, memory, threads)) {
                return;
            }
        }
        throw new IllegalStateException("nobody can check '" + entrant.plan().spec() + "'");
    }

    /** Whether the named one has a kernel too; if it has, both agree. */
    private boolean judge(String name, NativeMemory memory, int threads) {
        Spec spec = entrant.plan().spec();
        try (Kernels other = Kernels.open(name, threads, memory);
                ParameterScope buffers = other.memory().parameters("judge")) {
            Entrant judge = Entrant.of(name, other, spec, SEED, buffers);
            judge.run();
            Agreement agreement = Agreement.of(judge, entrant);
            if (!agreement.holds()) {
                throw new DisagreementException(spec, judge, entrant, agreement);
            }
            return true;
        } catch (RefusedException | NativeUnavailableException e) {
            return false;
        }
    }

    /** Whether the backend itself has a kernel for the spec, and not one of those it falls back on. */
    public static boolean offered(String backend, Kernels kernels, Spec spec) {
        try {
            Entrant.plan(backend, kernels, spec);
            return true;
        } catch (RefusedException e) {
            return false;
        }
    }

    /** The backend's name and what it runs, in its own words. */
    public String implementation() {
        return entrant.plan().implementation();
    }

    /**
     * One run; allocates nothing on the heap. Every 256 runs the updated operands are brought back first, before sums
     * grow without end or moments decay into denormals, which are slow.
     */
    public void run() {
        if (updates && ++runs == Race.MOST_UPDATES) {
            restore();
        }
        entrant.run();
        entrant.finish();
    }

    /** Brings back operands that runs update, before they decay or grow. */
    public void restore() {
        entrant.restore();
        runs = 0;
    }

    @Override
    public void close() {
        scope.close();
        kernels.close();
    }
}
