package io.gatun.memory;

import java.lang.foreign.MemorySegment;

/**
 * Host memory that is filled and copied to a place again and again while kernels run there. One thread may fill and
 * {@link #start}, another run the kernels, if they hand it to each other as below; it goes round:
 *
 * <ol>
 *   <li>{@link #awaitHost}, then fill {@link #host};
 *   <li>{@link #start} the copy, which returns at once;
 *   <li>{@link #use}, then run kernels on {@link #memory};
 *   <li>{@link #done}: the kernels that were started until now are the last that read it.
 * </ol>
 *
 * <p>On the host nothing is copied: both memories are one, and nothing is waited for.
 */
public interface Upload extends AutoCloseable {
    /** What to fill: memory that Java can touch, as large as {@link #memory}. Closed with this, unless it is the same. */
    MemorySegment host();

    /** Where the kernels read it. */
    MemorySegment memory();

    /** Waits until the copy that was started last has read the host's memory. */
    void awaitHost();

    /** Starts the copy of all of it; on the device it comes after what {@link #done} marked. */
    void start();

    /** Kernels that are started from now on come after the copy that was started last. */
    void use();

    /** Kernels that were started until now are the last that read what was copied. */
    void done();

    /** Waits for the copy, if there is one on its way, and gives the host's memory back; the place's is the caller's. */
    @Override
    void close();
}
