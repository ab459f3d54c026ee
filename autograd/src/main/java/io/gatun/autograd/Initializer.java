package io.gatun.autograd;

import io.gatun.kernel.Shape;
import java.lang.foreign.MemorySegment;

/** Gives a parameter or buffer its first values. */
@FunctionalInterface
public interface Initializer {
    /** All zeros: the memory is zero already. */
    Initializer ZEROS = (values, shape, seed, index) -> {};

    /** All ones. */
    Initializer ONES = (values, shape, seed, index) -> {
        for (long i = 0; i < shape.elements(); i++) {
            values.setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i, 1);
        }
    };

    /**
     * Fills {@code values}, which hold {@code shape} in float32 and are zero.
     *
     * @param seed the model's seed
     * @param index which parameter of the model this is: its own stream of random numbers
     */
    void fill(MemorySegment values, Shape shape, long seed, int index);
}
