package io.gatun.autograd;

import java.lang.foreign.MemorySegment;

/** What ends a captured training step ({@link CapturedStep#train}): an optimizer's update of the parameters. */
public interface Update {
    /**
     * Makes the {@link #numbers} of the step that follows: learning rates.
     *
     * @return another object than last time if {@link #run} will run other kernels now, on other memory, or with more numbers
     */
    Object prepare();

    /** What {@link #prepare} has made, in memory of the host that stays in its place. */
    MemorySegment numbers();

    /**
     * Runs the kernels, or has them collected: nothing here is decided by what they compute.
     *
     * @param numbers where the parameters lie, as many as {@link #numbers}, of which they are a copy when the kernels begin;
     *     a kernel may write there
     */
    void run(MemorySegment numbers);

    /** They have been started: what Java counts. */
    void done();
}
