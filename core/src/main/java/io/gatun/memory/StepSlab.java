package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One step's memory: allocation bumps a pointer, {@link #reset} takes everything back in O(1). The same sequence of
 * requests gets the same addresses every step. One step at a time, and that step is one thread's: the thread that made
 * the slab or reset it last.
 *
 * <p>Memory handed out before a reset must not be used after it: whoever keeps such memory keeps {@link #generation()}
 * beside it and compares.
 */
public final class StepSlab extends Scope {
    private final Arena arena = Arena.ofShared();
    private final Canaries canaries;
    private final List<MemorySegment> blocks = new ArrayList<>();
    private int block;
    private long offset;
    private long bytes;
    private long generation;
    private long peak;
    private long usedBefore;
    private boolean closed;
    private Thread owner = Thread.currentThread();

    StepSlab(NativeMemory memory, String name, long initialBytes) {
        super(memory, name);
        this.canaries = memory.debug() ? new Canaries(name) : null;
        if (initialBytes > 0) {
            grow(aligned(initialBytes), name);
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws WrongThreadException if another thread began this step
     */
    @Override
    public MemorySegment allocate(long size, String label) {
        requireOwner(label);
        if (closed) {
            throw new IllegalStateException("slab '" + name() + "' is closed; '" + label + "' cannot be allocated");
        }
        long room = canaries == null ? aligned(size) : Canaries.room(size);
        int next = block;
        long from = offset;
        long before = usedBefore;
        while (next < blocks.size() && from + room > blocks.get(next).byteSize()) {
            before += from;
            from = 0;
            next++;
        }
        if (next == blocks.size()) {
            // Half as much again, but not more than the budget has: what fits by itself is not refused.
            long spare = memory.budget().limit() - memory.budget().used();
            grow(Math.max(Math.max(room, ALIGNMENT), Math.min(bytes / 2, spare)), label);
        }
        block = next;
        offset = from + room;
        usedBefore = before;
        peak = Math.max(peak, usedBefore + offset);
        MemorySegment current = blocks.get(block);
        return canaries == null
                ? current.asSlice(from, size)
                : canaries.guard(current.asSlice(from, room), size, label);
    }

    /**
     * Checks that this step is the calling thread's.
     *
     * @param what is to be done with it, for the message
     * @throws WrongThreadException if another thread began it
     */
    public void requireOwner(String what) {
        if (Thread.currentThread() != owner) {
            throw new WrongThreadException("slab '" + name() + "' is in a step of thread '" + owner.getName() + "'; '"
                    + what + "' of thread '" + Thread.currentThread().getName() + "' needs a slab of its own");
        }
    }

    private void grow(long size, String label) {
        memory.budget().reserve(size, label);
        try {
            blocks.add(arena.allocate(size, ALIGNMENT));
        } catch (OutOfMemoryError e) {
            memory.budget().release(size);
            throw new NativeMemoryException(
                    label, size, memory.budget().used(), memory.budget().limit());
        }
        bytes += size;
    }

    /**
     * Takes back everything handed out; the next step is the calling thread's. Debug mode checks the canaries and fills
     * the memory with NaN first.
     *
     * @throws IllegalStateException if the slab is closed
     */
    public void reset() {
        if (closed) {
            throw new IllegalStateException("slab '" + name() + "' is closed; make a new one for another step");
        }
        owner = Thread.currentThread();
        if (canaries != null) {
            canaries.check();
            canaries.forget();
            for (int i = 0; i <= block && i < blocks.size(); i++) {
                Canaries.poison(blocks.get(i));
            }
        }
        generation++;
        block = 0;
        offset = 0;
        usedBefore = 0;
    }

    /** Grows with every {@link #reset}; memory of an older generation is no longer its holder's. */
    public long generation() {
        return generation;
    }

    /** Most bytes that one step had in use. */
    public long peak() {
        return peak;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void checkCanaries() {
        if (canaries != null && !closed) {
            canaries.check();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        try {
            checkCanaries();
        } finally {
            closed = true;
            generation++;
            arena.close();
            memory.budget().release(bytes);
            bytes = 0;
            blocks.clear();
            memory.closed(this);
        }
    }
}
