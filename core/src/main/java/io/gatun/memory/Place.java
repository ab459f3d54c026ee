package io.gatun.memory;

import io.gatun.kernel.NativeUnavailableException;
import java.lang.foreign.MemorySegment;

/**
 * Where memory lies: on the {@link #HOST}, or on a device, which Java reaches by copies alone. Thread-safe.
 *
 * <p>A device's memory is segments too: of the right size at the device's address, confined to a thread that never
 * touches them ({@link #keeper}). {@code address}, {@code byteSize}, {@code asSlice} and {@code scope().isAlive()} work
 * on any thread, and whatever would read or write them in Java throws {@link WrongThreadException}, where a segment of
 * the global scope would take the JVM with it.
 */
public interface Place {
    /** The machine's own memory. */
    Place HOST = new HostPlace();

    /** {@code host}, {@code cuda:0}. */
    String name();

    /** The thread that owns this device's segments; null for the host. */
    Thread keeper();

    /** What its memory counts in: scopes reserve from it before they {@link #allocate}. */
    MemoryBudget budget();

    /** Whether Java can read and write what lies here. */
    default boolean isHost() {
        return keeper() == null;
    }

    /**
     * Memory of any content, aligned to 64 bytes at least, until {@link #free}.
     *
     * @param what it is for, in errors; it has been reserved from the {@link #budget} already
     * @throws NativeMemoryException if there is none; nothing has changed then
     * @throws NativeUnavailableException on the host: its memory comes from arenas
     */
    MemorySegment allocate(long bytes, String what);

    /** Gives back a whole result of {@link #allocate}; its slices are closed from now on. */
    void free(MemorySegment block);

    /**
     * Copies all of {@code from} to the beginning of {@code to}. One of them may be the host's, the Java heap's too. Comes after the kernels
     * that were started before; host memory has been read or written when this returns.
     *
     * @throws IndexOutOfBoundsException if {@code to} is smaller
     */
    void copy(MemorySegment from, MemorySegment to);

    /**
     * A way for batches: host memory that is copied to {@code there} beside the kernels, page-locked where that makes the copy
     * faster.
     *
     * @param there memory of this place, which must live until the result is closed
     * @param host what the host's memory counts in
     * @throws NativeMemoryException if that budget has no room for it
     */
    Upload upload(MemorySegment there, MemoryBudget host);

    /** Sets each byte, after the kernels that were started before. */
    void fill(MemorySegment memory, byte value);

    /** Sets each float, after the kernels that were started before; the memory is aligned to 4 bytes. */
    void fill(MemorySegment floats, float value);

    /**
     * Copies a float into a ring of floats, after the kernels that were started before. Which one it replaces is read then,
     * so that work that was collected goes on to the next at each launch.
     *
     * @param value one float that lies here
     * @param ring floats that lie here, at least one
     * @param number 8 bytes that lie here: a 64-bit number from 0, counted round the ring
     * @throws IllegalArgumentException if one of them has another size, is not aligned to its numbers, or lies elsewhere
     */
    void put(MemorySegment value, MemorySegment ring, MemorySegment number);

    /**
     * Collects what {@code work} starts on this device from this thread, and starts none of it. What the work copies from
     * the host, allocates or waits for is refused. Until the result is closed it keeps the kernels that ran, but not the
     * memory that they ran on. A place that cannot collect, as the host, does the work anew at each launch.
     *
     * @param name what errors call it
     */
    default Replay capture(String name, Runnable work) {
        return new Replay() {
            @Override
            public void launch() {
                work.run();
            }

            @Override
            public void close() {}
        };
    }

    /**
     * Waits for everything that was started here.
     *
     * @throws RuntimeException what a kernel found wrong with the numbers it was given: an index that is out of range
     */
    void synchronize();

    /** Whether this memory lies here. */
    default boolean holds(MemorySegment memory) {
        Thread keeper = keeper();
        return keeper == null
                ? !Places.onDevice(memory)
                : memory.isAccessibleBy(keeper) && !memory.isAccessibleBy(Thread.currentThread());
    }

    /** Where this memory lies. */
    static Place of(MemorySegment memory) {
        return Places.of(memory);
    }
}
