package io.gatun.reference;

import io.gatun.memory.Raw;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.EmbeddingSpec;

/** Integer operands are data, so the plan's door cannot check them: kernels do, before they write anything. */
public final class Indices {
    private Indices() {}

    /**
     * How many rows count.
     *
     * @throws IndexOutOfBoundsException naming the first row whose target is neither a class nor ignored
     */
    public static long targets(CrossEntropySpec spec, long targets) {
        long counted = 0;
        for (long row = 0; row < spec.rows(); row++) {
            int target = Raw.i32(targets, row);
            if (target == spec.ignoreIndex()) {
                continue;
            }
            if (target < 0 || target >= spec.cols()) {
                throw new IndexOutOfBoundsException(spec + ": the target of row " + row + " is " + target
                        + ", neither within 0 and " + (spec.cols() - 1) + " nor the ignored " + spec.ignoreIndex());
            }
            counted++;
        }
        return counted;
    }

    /**
     * Checks every index of a gather.
     *
     * @throws IndexOutOfBoundsException naming the first that is not in the vocabulary
     */
    public static void vocabulary(EmbeddingSpec spec, long indices) {
        for (long i = 0; i < spec.count(); i++) {
            int index = Raw.i32(indices, i);
            if (index < 0 || index >= spec.vocabulary()) {
                throw new IndexOutOfBoundsException(
                        spec + ": index " + i + " is " + index + ", not within 0 and " + (spec.vocabulary() - 1));
            }
        }
    }
}
