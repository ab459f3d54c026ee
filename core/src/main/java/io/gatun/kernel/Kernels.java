package io.gatun.kernel;

import io.gatun.memory.NativeAccess;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.Owned;
import io.gatun.memory.Place;
import io.gatun.memory.ScratchPool;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The dispatch point: turns a {@link Spec} into a {@link Plan} by asking the backends in order and remembering the
 * first that offers. Safe for concurrent use; close it when no plan of it is running any more.
 *
 * <pre>{@code
 * try (Kernels kernels = Kernels.open()) {
 *     kernels.plan(GemmSpec.of(m, n, k)).run(a, b, c);
 * }
 * }</pre>
 *
 * <p>{@code -Dgatun.explain=true} logs every choice with every refusal. {@code -Dgatun.choices=FILE} names a file of
 * {@link Choices} that {@code auto} asks before its own rules.
 */
public final class Kernels implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.gatun.kernel");

    /**
     * A plan takes 2 KB of heap, and a net has a few hundred. A program whose batches all differ in size starts over at
     * this many, which costs microseconds a plan: what is expensive to make, a backend keeps for itself.
     */
    private static final int MOST_PLANS = 4_096;

    private final Workers workers;
    private final NativeMemory memory;
    private final ScratchPool scratch;
    private final Preference preference;
    private final Map<String, Backend.Session> sessions = new LinkedHashMap<>();
    private final Map<String, String> unavailable = new LinkedHashMap<>();
    private final ConcurrentHashMap<Spec, Plan> plans = new ConcurrentHashMap<>();
    private final AtomicReference<Profile> profile = new AtomicReference<>();
    private final boolean explain = Boolean.getBoolean("gatun.explain");

    /** With backends that were found elsewhere: tests bring their own. */
    Kernels(Preference preference, int threads, NativeMemory memory, Iterable<Backend> backends) {
        NativeAccess.require();
        this.preference = preference;
        this.workers = new Workers(threads);
        for (Backend backend : backends) {
            if (!preference.admits(backend.name())) {
                continue;
            }
            try {
                sessions.put(backend.name(), backend.open(workers));
            } catch (NativeUnavailableException e) {
                unavailable.put(backend.name(), e.getMessage());
            } catch (RuntimeException e) {
                throw abandonedAfter(e);
            }
        }
        String demanded = preference.demanded();
        if (demanded != null && !sessions.containsKey(demanded)) {
            String why = unavailable.getOrDefault(demanded, "no such backend is on the path");
            throw abandonedAfter(
                    new NativeUnavailableException("backend " + demanded + " was demanded and cannot be used: " + why));
        }
        Place place = place();
        this.memory = place.isHost() ? memory : NativeMemory.of(place);
        this.scratch = new ScratchPool(this.memory.budget(), place);
        unavailable.forEach((name, why) -> LOG.log(
                preference.expects(name) ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
                "{0} is not used: {1}",
                name,
                why));
        if (explain && preference.measured().size() > 0) {
            LOG.log(System.Logger.Level.INFO, "{0} come before the rules", preference.measured());
        }
    }

    /** Gives back what the constructor has made so far because of {@code failure}, which is returned to be thrown. */
    private RuntimeException abandonedAfter(RuntimeException failure) {
        Owned made = new Owned();
        made.add(workers);
        made.add(this::closeSessions);
        return made.closedAfter(failure);
    }

    /** All backends that work here, in the measured order, with one thread a processor. */
    public static Kernels open() {
        return open("auto", Runtime.getRuntime().availableProcessors());
    }

    /**
     * The named backend first, then those it falls back on.
     *
     * @param backend {@code auto}, {@code onednn}, {@code simd}, {@code reference} or {@code cuda}, which never falls back
     *     on the host: memory then comes from {@link #memory}
     * @param threads size of the worker pool, the caller included, at least 1
     * @throws NativeUnavailableException if the named backend cannot run here, or none can because this JVM denies native
     *     access
     * @throws IllegalArgumentException if there is no such backend, or the file of {@code -Dgatun.choices} is none, or a
     *     system property of the backend's has a value that cannot be
     */
    public static Kernels open(String backend, int threads) {
        return open(backend, threads, NativeMemory.standard());
    }

    /** As {@link #open(String, int)}, with scratch memory counted in the budget of {@code memory}. */
    public static Kernels open(String backend, int threads, NativeMemory memory) {
        return open(Preference.of(backend), threads, memory);
    }

    /** Backend {@code auto} with these measured choices before its rules, whatever {@code -Dgatun.choices} says. */
    public static Kernels open(Choices measured, int threads, NativeMemory memory) {
        return open(Preference.measured(measured), threads, memory);
    }

    private static Kernels open(Preference preference, int threads, NativeMemory memory) {
        return new Kernels(
                preference, threads, memory, ServiceLoader.load(Backend.class, Kernels.class.getClassLoader()));
    }

    /** Where the sessions' kernels work: all of one preference in the same place. */
    private Place place() {
        return sessions.values().stream()
                .map(Backend.Session::place)
                .filter(place -> !place.isHost())
                .findFirst()
                .orElse(Place.HOST);
    }

    /** The memory that its plans work on: what it was opened with on the host, and the device's own on a device. */
    public NativeMemory memory() {
        return memory;
    }

    /**
     * The plan of a spec: made on first use, then a hash lookup.
     *
     * @throws NoKernelException with every reason, if all backends refuse
     */
    public Plan plan(Spec spec) {
        Plan plan = plans.get(spec);
        if (plan != null) {
            return plan;
        }
        makeRoom();
        return plans.computeIfAbsent(spec, s -> choose(s, preference.order(s)));
    }

    private void makeRoom() {
        if (plans.mappingCount() >= MOST_PLANS) {
            plans.clear();
        }
    }

    /** The plan of a backward spec that shares a workspace with {@code forward}: taken from the same backend. */
    public Plan plan(Spec spec, Plan forward) {
        Plan plan = plans.get(spec);
        if (plan != null && plan.backend().equals(forward.backend())) {
            return plan;
        }
        makeRoom();
        return plans.compute(
                spec,
                (s, cached) -> cached != null && cached.backend().equals(forward.backend())
                        ? cached
                        : choose(s, List.of(forward.backend())));
    }

    /**
     * Checks that plans of these kernels may run.
     *
     * @throws IllegalStateException if they were closed
     */
    public void requireOpen() {
        scratch.requireOpen();
    }

    /** What each backend says to the spec, asking all of them. */
    public Choice explain(Spec spec) {
        scratch.requireOpen();
        return ask(spec, preference.order(spec), null);
    }

    private Plan choose(Spec spec, List<String> order) {
        scratch.requireOpen();
        List<Plan> found = new ArrayList<>(1);
        Choice choice = ask(spec, order, found);
        if (explain) {
            LOG.log(System.Logger.Level.INFO, "{0}", choice);
        }
        if (found.isEmpty()) {
            throw new NoKernelException("no kernel for " + choice);
        }
        return found.getFirst();
    }

    /** Asks in order; stops at the first kernel if {@code found} is given, and puts the plan there. */
    private Choice ask(Spec spec, List<String> order, List<Plan> found) {
        List<Choice.Answer> answers = new ArrayList<>();
        String chosen = null;
        for (String name : order) {
            Backend.Session session = sessions.get(name);
            if (session == null) {
                answers.add(new Choice.Answer(name, null, unavailable.getOrDefault(name, "not on the path")));
                continue;
            }
            switch (session.offer(spec)) {
                case Offer.Refused(String reason) -> answers.add(new Choice.Answer(name, null, reason));
                case Offer.Taken(Kernel kernel) -> {
                    answers.add(new Choice.Answer(name, kernel.implementation(), null));
                    chosen = chosen == null ? kernel.implementation() : chosen;
                    if (found != null) {
                        found.add(new Plan(spec, name, kernel, scratch, memory.place(), profile));
                        return new Choice(spec.toString(), chosen, answers);
                    }
                }
            }
        }
        return new Choice(spec.toString(), chosen, answers);
    }

    /** Names of the backends that are open, and for each what it says of itself. */
    public Map<String, List<String>> describe() {
        Map<String, List<String>> lines = new LinkedHashMap<>();
        sessions.forEach((name, session) -> lines.put(name, session.describe()));
        unavailable.forEach((name, why) -> lines.put(name, List.of("not used: " + why)));
        return lines;
    }

    /** The plans made so far, or the latest of very many, in no order: what a run really ran on. */
    public List<Plan> plans() {
        return List.copyOf(plans.values());
    }

    /**
     * Begins to measure every plan's runs, on all threads, until the result is closed.
     *
     * @throws IllegalStateException if a profile is open already
     */
    public Profile profile() {
        Profile begun = new Profile(this);
        if (!profile.compareAndSet(null, begun)) {
            throw new IllegalStateException("these kernels are being profiled already; close that profile first");
        }
        return begun;
    }

    void end(Profile ended) {
        profile.compareAndSet(ended, null);
    }

    /** Threads of the pool, the caller included. */
    public int threads() {
        return workers.threads();
    }

    /** The name this was opened with: {@code auto}, {@code onednn}, {@code simd}, {@code reference} or {@code cuda}. */
    public String preference() {
        return preference.name();
    }

    @Override
    public void close() {
        plans.clear();
        workers.close();
        scratch.close(); // a device's memory goes back before the device
        closeSessions();
    }

    /** All of them, also behind one that fails. */
    private void closeSessions() {
        Owned all = new Owned();
        List.copyOf(sessions.values()).reversed().forEach(session -> all.add(session));
        sessions.clear();
        all.close();
    }
}
