package io.gatun.memory;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where off-heap memory comes from: one place, one budget, and in debug mode ({@code -Dgatun.memory.debug=true}) canaries around
 * every allocation, NaN in fresh and in reset memory, and the place where each open scope was made. Thread-safe.
 */
public final class NativeMemory {
    private final MemoryBudget budget;
    private final boolean debug;
    private final Place place;
    private final Set<Scope> open = new LinkedHashSet<>();

    /** Memory of the host. */
    public NativeMemory(MemoryBudget budget, boolean debug) {
        this(budget, debug, Place.HOST);
    }

    private NativeMemory(MemoryBudget budget, boolean debug, Place place) {
        this.budget = budget;
        this.debug = debug;
        this.place = place;
    }

    /** Memory of a place, in its budget; a device's has no debug mode, its own tools see more. */
    public static NativeMemory of(Place place) {
        return place.isHost() ? standard() : new NativeMemory(place.budget(), false, place);
    }

    /** The standard budget; debug mode by system property. */
    public static NativeMemory standard() {
        return new NativeMemory(MemoryBudget.standard(), Boolean.getBoolean("gatun.memory.debug"));
    }

    /** Memory that lives until the scope is closed: parameters, optimizer state, running statistics. */
    public ParameterScope parameters(String name) {
        return opened(new ParameterScope(this, name));
    }

    /**
     * Memory for one step, handed out by bumping a pointer and taken back all at once.
     *
     * @param initialBytes the first block; the slab grows by further blocks when a step needs more
     */
    public StepSlab slab(String name, long initialBytes) {
        return opened(new StepSlab(this, name, initialBytes));
    }

    /** Where it lies. */
    public Place place() {
        return place;
    }

    /** This memory where it is the host's, else the standard one: for what Java itself reads and writes. */
    public NativeMemory onHost() {
        return place.isHost() ? this : standard();
    }

    public MemoryBudget budget() {
        return budget;
    }

    public boolean debug() {
        return debug;
    }

    /** One line for each scope that is still open; with the place that opened it in debug mode. */
    public synchronized List<String> leaks() {
        List<String> lines = new ArrayList<>();
        for (Scope scope : open) {
            lines.add(scope.leakReport());
        }
        return lines;
    }

    private synchronized <S extends Scope> S opened(S scope) {
        open.add(scope);
        return scope;
    }

    synchronized void closed(Scope scope) {
        open.remove(scope);
    }
}
