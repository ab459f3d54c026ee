package io.gatun.perf.bench;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.spec.Spec;
import java.util.Locale;

/** One backend's plan on filled buffers, compared once with the reference: what a JMH benchmark runs. */
public final class CheckedPlan implements AutoCloseable {
    private static final long SEED = 7;

    private final Kernels kernels;
    private final ParameterScope scope;
    private final Entrant entrant;

    /**
     * Opens the backend, runs it and the reference once, and says on standard output what ran.
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
            entrant.run();
            double difference = compare(memory, spec);
            System.out.printf(
                    Locale.ROOT,
                    "%n# %s, %d threads, differs from the reference by %.1e%n",
                    entrant.plan(),
                    threads,
                    difference);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private double compare(NativeMemory memory, Spec spec) {
        try (Kernels reference = Kernels.open("reference", 1, memory);
                ParameterScope other = memory.parameters("reference")) {
            Entrant judge = Entrant.of("reference", reference, spec, SEED, other);
            judge.run();
            Agreement agreement = Agreement.of(judge, entrant);
            if (!agreement.holds()) {
                throw new DisagreementException(spec, judge, entrant, agreement);
            }
            return agreement.worst();
        }
    }

    /** One run; allocates nothing on the heap. */
    public void run() {
        entrant.run();
    }

    /** Brings back operands that runs update, before they decay or grow. */
    public void restore() {
        entrant.restore();
    }

    @Override
    public void close() {
        scope.close();
        kernels.close();
    }
}
