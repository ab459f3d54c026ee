package io.gatun.memory;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where off-heap memory comes from: one budget, and in debug mode ({@code -Dgatun.memory.debug=true}) canaries around
 * every allocation, NaN in fresh and in reset memory, and the place where each open scope was made. Thread-safe.
 */
public final class NativeMemory {
    private final MemoryBudget budget;
    private final boolean debug;
    private final Set<Scope> open = new LinkedHashSet<>();

    public NativeMemory(MemoryBudget budget, boolean debug) {
        this.budget = budget;
        this.debug = debug;
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
