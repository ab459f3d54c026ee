package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * One step's memory: allocation bumps a pointer or takes what {@link #free} gave back, {@link #reset} takes everything
 * back in O(1). The same sequence of requests gets the same addresses every step. One step at a time, and that step is
 * one thread's: the thread that made the slab or reset it last.
 *
 * <p>Where the system can ({@link LazyPages}) the slab is one range of addresses as large as the budget, whose pages
 * become memory when they are first used: growing leaves no tails behind (ResNet-50 b16 held 2,511 MB for a peak of
 * 1,702 when the slab grew by blocks). Elsewhere, and on a device, it is a list of blocks.
 *
 * <p>Memory handed out before a reset must not be used after it: whoever keeps such memory keeps {@link #generation()}
 * beside it and compares.
 */
public final class StepSlab extends Scope {
    /**
     * Requests up to this size have a place of their own and are not taken back before the reset: a channel's statistics
     * between two activations would keep these from being joined when both are free.
     */
    static final long SMALL = 16 << 10;

    /** More address space than this is not asked for. */
    private static final long MOST = 1L << 40;

    private final Arena arena = Arena.ofShared();
    private final Canaries canaries;

    /** Large requests in the lower half, small ones in the upper; null where there are only blocks. */
    private final MemorySegment space;

    private final List<MemorySegment> blocks = new ArrayList<>();
    private final FreeRanges free = new FreeRanges();
    private int block;
    private long offset;
    private long small;
    private long bytes;
    private long generation;
    private long latest;
    private long peak;
    private long largest;
    private long largestSmall;
    private long usedBefore;
    private boolean closed;
    private Thread owner = Thread.currentThread();

    StepSlab(NativeMemory memory, String name, long initialBytes) {
        this(memory, name, initialBytes, true);
    }

    /** Of blocks only, where {@code lazy} is false. */
    StepSlab(NativeMemory memory, String name, long initialBytes, boolean lazy) {
        super(memory, name);
        this.canaries = memory.debug() ? new Canaries(name) : null;
        long limit = Math.min(MOST, memory.budget().limit());
        this.space = lazy && memory.place().isHost() ? LazyPages.reserve(arena, 2 * aligned(limit)) : null;
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
        return allocate(size, label, false);
    }

    /** As {@link #allocate}, of memory that nobody had before in this step: it may be written before the step begins. */
    public MemorySegment fresh(long size, String label) {
        return allocate(size, label, true);
    }

    private MemorySegment allocate(long size, String label, boolean fresh) {
        requireOwner(label);
        if (closed) {
            throw new IllegalStateException("slab '" + name() + "' is closed; '" + label + "' cannot be allocated");
        }
        long room = canaries == null ? aligned(size) : Canaries.room(size);
        if (room > SMALL && !fresh) {
            long address = free.take(room);
            if (address != FreeRanges.NONE) {
                return made(blockAt(address), address, room, size, label);
            }
        }
        return space == null ? fromBlocks(room, size, label) : fromSpace(room, size, label, fresh);
    }

    private MemorySegment fromSpace(long room, long size, String label, boolean fresh) {
        long half = space.byteSize() / 2;
        long address;
        if (room > SMALL) {
            // A free range at the end is used and continued.
            long end = space.address() + offset;
            long from = fresh ? end : free.takeLast(end);
            long to = from - space.address() + room;
            try {
                extend(to, small, room, label);
            } catch (NativeMemoryException e) {
                if (from < end) {
                    free.give(from, end - from, space.address(), end);
                }
                throw e;
            }
            offset = to;
            address = from;
        } else {
            extend(offset, small + room, room, label);
            address = space.address() + half + small;
            small += room;
        }
        return made(space, address, room, size, label);
    }

    /** Makes so many bytes of the two halves the budget's. */
    private void extend(long low, long high, long room, String label) {
        long newLargest = Math.max(largest, low);
        long newLargestSmall = Math.max(largestSmall, high);
        long extent = newLargest + newLargestSmall;
        long half = space.byteSize() / 2;
        if (low > half || high > half) {
            throw new NativeMemoryException(label, room, bytes, half);
        }
        if (extent > bytes) {
            // An eighth more, but not more than the budget has: what fits by itself is not refused.
            long spare = memory.budget().limit() - memory.budget().used();
            long more = Math.max(extent - bytes, Math.min(bytes / 8, spare));
            try {
                memory.budget().reserve(more, label);
            } catch (NativeMemoryException e) {
                throw new NativeMemoryException(label, room, e.used(), e.limit());
            }
            bytes += more;
        }
        largest = newLargest;
        largestSmall = newLargestSmall;
        peak = extent;
    }

    private MemorySegment fromBlocks(long room, long size, String label) {
        int next = block;
        long from = offset;
        long before = usedBefore;
        while (next < blocks.size() && from + room > blocks.get(next).byteSize()) {
            before += from;
            from = 0;
            next++;
        }
        if (next == blocks.size()) {
            // Half as much again, but not more than the budget has.
            long spare = memory.budget().limit() - memory.budget().used();
            grow(Math.max(Math.max(room, ALIGNMENT), Math.min(bytes / 2, spare)), label);
        }
        block = next;
        offset = from + room;
        usedBefore = before;
        peak = Math.max(peak, usedBefore + offset);
        return made(blocks.get(block), blocks.get(block).address() + from, room, size, label);
    }

    private MemorySegment made(MemorySegment in, long address, long room, long size, String label) {
        long from = address - in.address();
        return canaries == null ? in.asSlice(from, size) : canaries.guard(in.asSlice(from, room), size, label);
    }

    private MemorySegment blockAt(long address) {
        if (space != null) {
            return space;
        }
        for (MemorySegment candidate : blocks) {
            if (address >= candidate.address() && address < candidate.address() + candidate.byteSize()) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("slab '" + name() + "' has no memory at address " + address);
    }

    /**
     * Takes back what {@link #allocate} returned in this step, for requests to come; nobody may use it any more. Debug
     * mode looks at its canaries and fills it with NaN.
     */
    public void free(MemorySegment segment) {
        long address = segment.address();
        long room = aligned(segment.byteSize());
        if (canaries != null) {
            MemorySegment whole = canaries.release(segment);
            address = whole.address();
            room = whole.byteSize();
        }
        if (room > SMALL) {
            MemorySegment in = blockAt(address);
            free.give(address, room, in.address(), in.address() + in.byteSize());
        }
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
            if (!memory.place().isHost()) {
                blocks.add(memory.place().allocate(size, label));
            } else if (space == null) {
                blocks.add(arena.allocate(size, ALIGNMENT));
            }
        } catch (RuntimeException e) {
            memory.budget().release(size);
            throw e;
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
            if (space != null) {
                Canaries.poison(space.asSlice(0, offset));
                Canaries.poison(space.asSlice(space.byteSize() / 2, small));
            }
            for (int i = 0; i <= block && i < blocks.size(); i++) {
                Canaries.poison(blocks.get(i));
            }
        }
        generation = ++latest;
        block = 0;
        offset = 0;
        small = 0;
        usedBefore = 0;
        free.clear();
    }

    /**
     * How far a step has come: for {@link #restore}.
     *
     * @param generation of that step
     */
    public record Mark(long generation, int block, long offset, long small, long usedBefore) {}

    /** Whether there are canaries around what it hands out. */
    public boolean debug() {
        return canaries != null;
    }

    /** This step as it is now. */
    public Mark mark() {
        return new Mark(generation, block, offset, small, usedBefore);
    }

    /**
     * Puts an earlier step in the place of this one, which is over: what was handed out up to that mark is its holders'
     * again, though it holds what came after. For steps that are repeated on the same addresses. Not in debug mode, which
     * has forgotten where its canaries were.
     */
    public void restore(Mark mark) {
        if (closed || canaries != null) {
            throw new IllegalStateException(
                    "slab '" + name() + "' cannot restore a step: it is " + (closed ? "closed" : "in debug mode"));
        }
        owner = Thread.currentThread();
        generation = mark.generation;
        block = mark.block;
        offset = mark.offset;
        small = mark.small;
        usedBefore = mark.usedBefore;
        free.clear();
    }

    /** Grows with every {@link #reset}; memory of an older generation is no longer its holder's. */
    public long generation() {
        return generation;
    }

    /** Bytes that the largest step reached to: as much of the budget is enough for it. */
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
            generation = ++latest;
            arena.close();
            if (!memory.place().isHost()) {
                blocks.forEach(memory.place()::free);
            }
            memory.budget().release(bytes);
            bytes = 0;
            blocks.clear();
            memory.closed(this);
        }
    }
}
