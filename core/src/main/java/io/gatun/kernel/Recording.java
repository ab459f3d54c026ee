package io.gatun.kernel;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * What the plans of one thread ran, to be run again on the same addresses: no checks, no look-ups, no garbage. Whoever
 * repeats it sees to it that those addresses still mean the same; that their memory is still there, {@link #alive} tells.
 *
 * <p>Recorded is what runs on the thread that called {@link #resume}, until {@link #pause}. Plans that others run, and
 * writes to memory that are no kernel's, are not; {@link #act} adds these. On a device all of that goes through its stream
 * and can become a graph; what Java keeps beside it, a counter or a list, is a {@link #note}, and what comes from the host
 * is an {@link #upload} that is done before all else. For one thread.
 */
public final class Recording {
    private final List<Runnable> actions = new ArrayList<>();
    private final BitSet notes = new BitSet();
    private final List<Runnable> uploads = new ArrayList<>();
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

    /** Adds something else that is to be done again in its place: a copy or a fill in the plans' place. */
    public void act(Runnable action) {
        actions.add(action);
    }

    /** As {@link #act}, what concerns Java alone and no device's memory. */
    public void note(Runnable action) {
        notes.set(actions.size());
        actions.add(action);
    }

    /** Adds what is to be done before each repetition: what brings memory of the host to where nothing else writes. */
    public void upload(MemorySegment from, Runnable action) {
        standsOn(from);
        uploads.add(action);
    }

    /** How many actions there are, notes among them and uploads not. */
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

    /** As {@link #repeat}, without the notes: all that a device does. */
    public void work(int from, int to) {
        for (int i = notes.nextClearBit(from); i < to; i = notes.nextClearBit(i + 1)) {
            actions.get(i).run();
        }
    }

    /** As {@link #repeat}, the notes alone: with {@link #work}, in whichever order, all is done. */
    public void notes(int from, int to) {
        for (int i = notes.nextSetBit(from); i >= 0 && i < to; i = notes.nextSetBit(i + 1)) {
            actions.get(i).run();
        }
    }

    /** Does all uploads again. */
    public void upload() {
        for (int i = 0; i < uploads.size(); i++) {
            uploads.get(i).run();
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
