package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What is done at random to a whole batch of training samples, as mixup does. Immutable and thread-safe. */
public interface BatchTransform {
    /**
     * What a batch consists of afterwards. Fields that stay equal lie in the same memory before and after.
     *
     * @param fields what it consists of before
     * @throws IllegalArgumentException when these are not fields that it can transform
     */
    List<Field> fields(List<Field> fields);

    /** The transform itself, for one thread, after {@link #fields} has accepted {@code fields}. */
    Action action(List<Field> fields);

    /** One thread's transform. */
    interface Action {
        /**
         * Transforms a batch.
         *
         * @param size samples in it, at least 1
         * @param random this batch's random numbers in this epoch
         * @param from for each field before its memory
         * @param to for each field afterwards its memory
         */
        void apply(int size, SplitMix random, MemorySegment[] from, MemorySegment[] to);
    }
}
