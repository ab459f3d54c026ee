package io.gatun.autograd;

/** What ends a captured training step ({@link CapturedStep#train}): an optimizer's update of the parameters. */
public interface Update {
    /**
     * Writes what is new in each step, learning rates, to where the kernels of {@link #run} read it.
     *
     * @return another object than last time if {@link #run} will run other kernels now, on other memory
     */
    Object prepare();

    /** Runs the kernels, or has them collected: nothing here is decided by what they compute. */
    void run();

    /** They have been started: what Java counts. */
    void done();
}
