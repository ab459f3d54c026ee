package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory that lives until the scope is closed. Safe for concurrent use. */
public final class ParameterScope extends Scope {
    private final Arena arena = Arena.ofShared();
    private final Canaries canaries;

    /** What a device has given. */
    private final List<MemorySegment> blocks = new ArrayList<>();

    private long bytes;
    private boolean closed;

    ParameterScope(NativeMemory memory, String name) {
        super(memory, name);
        this.canaries = memory.debug() ? new Canaries(name) : null;
    }

    @Override
    public synchronized MemorySegment allocate(long size, String label) {
        if (closed) {
            throw new IllegalStateException("scope '" + name() + "' is closed; '" + label + "' cannot be allocated");
        }
        long room = canaries == null ? aligned(Math.max(size, 1)) : Canaries.room(size);
        memory.budget().reserve(room, label);
        MemorySegment whole;
        try {
            whole = memory.place().isHost() ? arena.allocate(room, ALIGNMENT) : block(room, label);
        } catch (RuntimeException e) {
            memory.budget().release(room);
            throw e;
        } catch (OutOfMemoryError e) {
            memory.budget().release(room);
            throw new NativeMemoryException(
                    label, room, memory.budget().used(), memory.budget().limit());
        }
        bytes += room;
        return canaries == null ? whole.asSlice(0, size) : canaries.guard(whole, size, label);
    }

    private MemorySegment block(long room, String label) {
        MemorySegment block = memory.place().allocate(room, label);
        blocks.add(block);
        memory.place().fill(block, (byte) 0);
        return block;
    }

    @Override
    public synchronized long bytes() {
        return bytes;
    }

    @Override
    public synchronized void checkCanaries() {
        if (canaries != null && !closed) {
            canaries.check();
        }
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        try {
            checkCanaries();
        } finally {
            closed = true;
            arena.close();
            blocks.forEach(memory.place()::free);
            blocks.clear();
            memory.budget().release(bytes);
            bytes = 0;
            memory.closed(this);
        }
    }
}
