package io.gatun.kernel;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What the plans of one thread ran, to be run again on the same addresses: no checks, no look-ups, no garbage. Whoever
 * repeats it sees to it that those addresses still mean the same; that their memory is still there, {@link #alive} tells.
 *
 * <p>Recorded is what runs on the thread that called {@link #resume}, until {@link #pause}. Plans that others run, and
 * writes to memory that are no kernel's, are not; {@link #act} adds these. For one thread.
 */
public final class Recording {
    private final List<Runnable> actions = new ArrayList<>();
    private final List<MemorySegment.Scope> scopes = new ArrayList<>();

    /** Empty, and paused. */
    public Recording() {}

    /** From now on what this thread runs is recorded here. */
    public void resume() {
        Plan.record(this);
    }

    /** The thread's plans are no longer recorded. */
    public void pause() {
        Plan.record(null);
    }

    /** Adds something else that is to be done again in its place. */
    public void act(Runnable action) {
        actions.add(action);
    }

    /** How many actions there are. */
    public int size() {
        return actions.size();
    }

    /** Whether no memory that the plans ran on has been closed. */
    public boolean alive() {
        for (int i = 0; i < scopes.size(); i++) {
            if (!scopes.get(i).isAlive()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Does the actions from {@code from} to before {@code to} again, in their order.
     *
     * @throws IllegalStateException if the kernels were closed; memory that was closed is not noticed here
     */
    public void repeat(int from, int to) {
        for (int i = from; i < to; i++) {
            actions.get(i).run();
        }
    }

    /** A step has some five scopes, and a look at each is cheaper than a hash. */
    void standsOn(MemorySegment segment) {
        MemorySegment.Scope scope = segment.scope();
        for (int i = 0; i < scopes.size(); i++) {
            if (scopes.get(i).equals(scope)) {
                return;
            }
        }
        scopes.add(scope);
    }
}
