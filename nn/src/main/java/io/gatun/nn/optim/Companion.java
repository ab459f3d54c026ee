package io.gatun.nn.optim;

import io.gatun.nn.io.NamedTensor;
import java.util.List;
import java.util.function.Function;

/**
 * What goes along with an optimizer ({@link Optimizer#attach}): it is told of each step, and its state is saved and loaded
 * with the optimizer's, so a checkpoint holds it.
 */
public interface Companion {
    /**
     * Called after each step, on the optimizer's thread.
     *
     * @param steps done so far, 1 after the first
     */
    default void stepped(long steps) {}

    /** The state: views, valid until the next step, with names that no other part of the checkpoint has. */
    List<NamedTensor> save();

    /**
     * Brings back what {@link #save} gave.
     *
     * @param find a tensor by name; throws when it has none
     * @throws IllegalArgumentException when a tensor does not fit
     */
    void load(Function<String, NamedTensor> find);
}
