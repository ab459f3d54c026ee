package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Scratch memory for running kernels: blocks of a power of two, reused by whichever kernel runs next, so that what is
 * held is bounded by how many run at once and not by how many plans exist. Thread-safe; allocates nothing once warm.
 */
public final class ScratchPool implements AutoCloseable {
    private static final int SMALLEST = 12;
    private static final long LAZY = 1 << 17;

    private final MemoryBudget budget;
    private final Place place;
    private final Arena arena = Arena.ofShared();

    /** What a device has given. */
    private final List<MemorySegment> blocks = new ArrayList<>();

    private final long[][] free = new long[Long.SIZE][8];
    private final int[] count = new int[Long.SIZE];
    private long held;
    private volatile boolean closed;

    /** A pool on the host. */
    public ScratchPool(MemoryBudget budget) {
        this(budget, Place.HOST);
    }

    /** A pool of that place. On a device kernels run one after the other, so a block may be reused once they are started. */
    public ScratchPool(MemoryBudget budget, Place place) {
        this.budget = budget;
        this.place = place;
    }

    /**
     * Checks that this pool, and with it what its kernels stand on, is still there.
     *
     * @throws IllegalStateException if it was closed
     */
    public void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the kernels were closed; open new ones");
        }
    }

    /** Address of at least {@code bytes} bytes, 64-byte aligned, of any content. */
    public synchronized long acquire(long bytes) {
        requireOpen();
        int size = sizeClass(bytes);
        if (count[size] > 0) {
            return free[size][--count[size]];
        }
        long room = 1L << size;
        budget.reserve(room, "scratch");
        try {
            if (!place.isHost()) {
                MemorySegment block = place.allocate(room, "scratch");
                blocks.add(block);
                held += room;
                return block.address();
            }
            // A power of two is up to twice what was asked for; the half that is not used takes no memory.
            MemorySegment block = room < LAZY ? null : LazyPages.reserve(arena, room);
            if (block == null) {
                block = arena.allocate(room, Scope.ALIGNMENT);
            }
            held += room;
            return block.address();
        } catch (RuntimeException e) {
            budget.release(room);
            throw e;
        } catch (OutOfMemoryError e) {
            budget.release(room);
            throw new NativeMemoryException("scratch", room, budget.used(), budget.limit());
        }
    }

    /** Gives back what {@link #acquire} returned for the same number of bytes. */
    public synchronized void release(long address, long bytes) {
        int size = sizeClass(bytes);
        if (count[size] == free[size].length) {
            free[size] = Arrays.copyOf(free[size], 2 * count[size]);
        }
        free[size][count[size]++] = address;
    }

    private static int sizeClass(long bytes) {
        return Math.max(SMALLEST, Long.SIZE - Long.numberOfLeadingZeros(bytes - 1));
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            arena.close();
            blocks.forEach(place::free);
            blocks.clear();
            budget.release(held);
        }
    }
}
