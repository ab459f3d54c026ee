package io.gatun.perf.bench;

import io.gatun.spec.Spec;

/** What is timed in turn with others: a backend's plan, or a copy of as many bytes. */
interface Racer {
    /** The name it was asked for by. */
    String name();

    /** What runs, in its own words. */
    String implementation();

    Spec spec();

    void run();

    /** Waits until what {@link #run} has started is done. */
    default void finish() {}

    /** Brings the updated operands back, before moments decay into denormals and sums grow to infinity. */
    default void restore() {}

    /** Whether {@link #restore} has something to bring back. */
    default boolean updates() {
        return false;
    }
}
