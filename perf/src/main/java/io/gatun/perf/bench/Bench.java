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

    /** As asked for, backends and others. */
    private final List<String> names;

    /** Of the copy on the host, if it is one of those that run. */
    private Workers copying;

    /** PyTorch, if it is one of those that run. */
    private TorchPeer torch;

    /**
     * Opens the named backends. Two names are no backends: {@code copy} moves as many bytes, where the first backend's
     * memory lies ({@link Copy}, {@link DeviceCopy}), and {@code torch} is PyTorch ({@link TorchPeer}).
     *
     * @throws IllegalArgumentException for a name that is not known or stands twice
     * @throws io.gatun.kernel.NativeUnavailableException for one that cannot run here
     */
    public Bench(List<String> names, int threads) {
        this.threads = threads;
        this.names = List.copyOf(names);
        try {
            for (String name : names) {
                if (name.equals("auto") || names.indexOf(name) != names.lastIndexOf(name)) {
                    throw unknown();
                }
                if (!besides(name)) {
                    backends.put(name, Kernels.open(name, threads, memory));
                }
            }
            if (backends.isEmpty()) {
                throw unknown();
            }
            if (names.contains(Copy.NAME) && first().memory().place().isHost()) {
                copying = new Workers(threads);
            }
            if (names.contains(TorchPeer.NAME)) {
                torch = TorchPeer.start();
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static boolean besides(String name) {
        return name.equals(Copy.NAME) || name.equals(TorchPeer.NAME);
    }

    private IllegalArgumentException unknown() {
        return new IllegalArgumentException(
                "--vs takes different ones of onednn, simd, reference, cuda, and copy and torch beside one of them,"
                        + " not '"
                        + String.join(",", names) + "'");
    }

    private Kernels first() {
        return backends.values().iterator().next();
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
     * @throws PeerException if PyTorch runs and cannot do this
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
            for (int i = 0; i < names.size(); i++) {
                if (besides(names.get(i))) {
                    racers.add(i, other(names.get(i), spec, scopes));
                }
            }
            double[][] samples = Race.run(racers, seconds, Race.SAMPLE_NANOS);
            List<Result> results = new ArrayList<>();
            for (int i = 0; i < samples.length; i++) {
                double[] second = i == 0 && samples.length > 1 ? samples[1] : null;
                results.add(Result.of(spec, racers.get(i), threads, samples[i], second));
            }
            double once = racers.stream().mapToDouble(Racer::once).min().orElseThrow();
            return new Outcome(results, difference, once);
        } finally {
            scopes.forEach(ParameterScope::close);
        }
    }

    private Racer other(String name, Spec spec, List<ParameterScope> scopes) {
        if (name.equals(TorchPeer.NAME)) {
            return torch.prepare(spec.toString(), TorchPeer.Mode.here());
        }
        scopes.add(first().memory().parameters("bench"));
        return copying == null
                ? new DeviceCopy(spec, first().memory().place(), scopes.getLast())
                : new Copy(spec, copying, scopes.getLast());
    }

    @Override
    public void close() {
        if (torch != null) {
            torch.close();
        }
        backends.values().forEach(Kernels::close);
        if (copying != null) {
            copying.close();
        }
    }
}
