package io.gatun.perf.bench;

/** What is timed in turn with others: a backend's plan, a copy of as many bytes, a training step, or PyTorch's. */
public interface Racer {
    /** The name it was asked for by. */
    String name();

    /** What runs, in its own words. */
    String implementation();

    void run();

    /** Waits until what {@link #run} has started is done. */
    default void finish() {}

    /** Brings the updated operands back, before moments decay into denormals and sums grow to infinity. */
    default void restore() {}

    /** Whether {@link #restore} has something to bring back. */
    default boolean updates() {
        return false;
    }

    /** Of the bytes that a copy moves, the share without second readings. */
    default double once() {
        return 1;
    }

    /** Nanoseconds of one run, the mean of so many in a row, the waiting for the last included. */
    default double nanos(int runs) {
        restore();
        finish();
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            run();
        }
        finish();
        return (System.nanoTime() - start) / (double) runs;
    }
}
