package io.gatun.parallel;

/** One piece of a kernel's work. */
@FunctionalInterface
public interface Task {
    /**
     * Does piece {@code index}.
     *
     * @param frame the kernel's frame, shared by all pieces: read it only
     * @param worker which of the pool's threads this is, 0 to threads - 1: selects a part of the scratch memory
     */
    void run(long[] frame, int index, int worker);
}
