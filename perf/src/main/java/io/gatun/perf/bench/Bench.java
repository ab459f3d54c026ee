package io.gatun.perf.bench;

import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Several backends in one process, each with a pool of its own: an idle pool is parked after 20 us. */
public final class Bench implements AutoCloseable {
    private static final long SEED = 20_260_101;

    private final NativeMemory memory = NativeMemory.standard();
    private final Map<String, Kernels> backends = new LinkedHashMap<>();
    private final int threads;

    /** Of the copy, if it is one of those that run. */
    private final Workers copying;

    /** Where the copy stands among the names. */
    private final int copyAt;

    /**
     * Opens the named backends; {@code copy} is none, but moves as many bytes ({@link Copy}).
     *
     * @throws IllegalArgumentException for a name that is not known or stands twice
     * @throws io.gatun.kernel.NativeUnavailableException for one that cannot run here
     */
    public Bench(List<String> names, int threads) {
        this.threads = threads;
        this.copyAt = names.indexOf(Copy.NAME);
        this.copying = copyAt >= 0 ? new Workers(threads) : null;
        try {
            for (String name : names) {
                if (name.equals(Copy.NAME) && names.indexOf(name) == names.lastIndexOf(name) && names.size() > 1) {
                    continue;
                }
                if (name.equals("auto") || backends.containsKey(name)) {
                    throw new IllegalArgumentException(
                            "--vs takes different ones of onednn, simd, reference, cuda, and copy beside one of them,"
                                    + " not '"
                                    + String.join(",", names) + "'");
                }
                backends.put(name, Kernels.open(name, threads, memory));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * The results for one spec.
     *
     * @param difference the largest relative difference between the first entrant and another
     * @param once of the bytes that the copy moved, the share without second readings; 1 where no copy ran
     */
    public record Outcome(List<Result> results, double difference, double once) {}

    /**
     * Compares, then times.
     *
     * @param seconds of timing, after half as many of warming up
     * @throws IllegalArgumentException if the problem is empty, so that there is nothing to time
     * @throws RefusedException if a backend has no kernel for it
     * @throws DisagreementException if the outputs differ
     */
    public Outcome run(Spec spec, double seconds) {
        for (Operand operand : spec.operands()) {
            if (operand.elements() == 0 && operand.access() != Operand.Access.WORKSPACE) {
                throw new IllegalArgumentException("'" + spec + "' is empty, " + operand.name()
                        + " has no elements: there is nothing to time; give extents of at least 1");
            }
        }
        List<ParameterScope> scopes = new ArrayList<>();
        try {
            List<Entrant> entrants = new ArrayList<>();
            backends.forEach((name, kernels) -> {
                scopes.add(kernels.memory().parameters("bench"));
                entrants.add(Entrant.of(name, kernels, spec, SEED, scopes.getLast()));
            });
            entrants.forEach(Entrant::run);
            Entrant first = entrants.getFirst();
            double difference = 0;
            for (Entrant other : entrants.subList(1, entrants.size())) {
                Agreement agreement = Agreement.of(first, other);
                if (!agreement.holds()) {
                    throw new DisagreementException(spec, first, other, agreement);
                }
                difference = Math.max(difference, agreement.worst());
            }
            List<Racer> racers = new ArrayList<>(entrants);
            double once = 1;
            if (copyAt >= 0) {
                scopes.add(memory.parameters("bench"));
                Copy copy = new Copy(spec, copying, scopes.getLast());
                once = copy.once();
                racers.add(copyAt, copy);
            }
            double[][] samples = Race.run(racers, seconds);
            List<Result> results = new ArrayList<>();
            for (int i = 0; i < samples.length; i++) {
                double[] second = i == 0 && samples.length > 1 ? samples[1] : null;
                results.add(Result.of(racers.get(i), threads, samples[i], second));
            }
            return new Outcome(results, difference, once);
        } finally {
            scopes.forEach(ParameterScope::close);
        }
    }

    @Override
    public void close() {
        backends.values().forEach(Kernels::close);
        if (copying != null) {
            copying.close();
        }
    }
}
