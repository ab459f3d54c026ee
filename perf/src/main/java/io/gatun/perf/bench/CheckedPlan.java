package io.gatun.perf.bench;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.NativeUnavailableException;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.Locale;

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
     * Opens the backend, runs it and another one once, and says on standard output what ran.
     *
     * @throws DisagreementException if the results differ
     * @throws RefusedException if the backend has no kernel for the spec
     */
    public CheckedPlan(String backend, int threads, Spec spec) {
        NativeMemory memory = NativeMemory.standard();
        kernels = Kernels.open(backend, threads, memory);
        scope = memory.parameters("jmh");
        try {
            entrant = Entrant.of(backend, kernels, spec, SEED, scope);
            updates = entrant.updates();
            entrant.run();
            System.out.printf(Locale.ROOT, "%n# %s, %d threads, %s%n", entrant.plan(), threads, judged(memory, threads));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** By the first other implementation that there is. */
    private String judged(NativeMemory memory, int threads) {
        for (String judge : JUDGES) {
            if (judge.equals(entrant.name())) {
                continue;
            }
            try (Kernels other = Kernels.open(judge, threads, memory);
                    ParameterScope buffers = memory.parameters("judge")) {
                Entrant second = Entrant.of(judge, other, entrant.plan().spec(), SEED, buffers);
                second.run();
                Agreement agreement = Agreement.of(second, entrant);
                if (!agreement.holds()) {
                    throw new DisagreementException(entrant.plan().spec(), second, entrant, agreement);
                }
                return String.format(Locale.ROOT, "differs from %s by %.1e", second.plan().implementation(),
                        agreement.worst());
            } catch (RefusedException | NativeUnavailableException e) {
                // Then the next one judges; the reference refuses nothing.
                continue;
            }
        }
        throw new IllegalStateException("nobody can check '" + entrant.plan().spec() + "'");
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
     * One run; allocates nothing on the heap. Every 256 runs the updated operands are brought back first: a zeroed
     * gradient lets moments decay by 0.9 a run, and denormals are slow.
     */
    public void run() {
        if (updates && ++runs == Race.MOST_UPDATES) {
            restore();
        }
        entrant.run();
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
