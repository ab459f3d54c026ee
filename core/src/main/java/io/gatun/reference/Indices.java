package io.gatun.reference;

import io.gatun.memory.Raw;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.Reduction;

/** Integer operands are data, so the plan's door cannot check them: kernels do, before they write anything. */
public final class Indices {
    private Indices() {}

    /**
     * What the sum of the rows' losses is divided by.
     *
     * @throws IndexOutOfBoundsException naming the first row whose target is neither a class nor ignored
     */
    public static double divisor(CrossEntropySpec spec, long[] frame) {
        double sum = spec.probabilities() ? spec.rows() : targets(spec, frame[1], spec.weighted() ? frame[2] : 0);
        return spec.reduction() == Reduction.MEAN ? sum : 1;
    }

    /** The sum of the targets' weights, or how many count. */
    private static double targets(CrossEntropySpec spec, long targets, long weights) {
        double sum = 0;
        for (long row = 0; row < spec.rows(); row++) {
            int target = Raw.i32(targets, row);
            if (target == spec.ignoreIndex()) {
                continue;
            }
            if (target < 0 || target >= spec.cols()) {
                throw new IndexOutOfBoundsException(spec + ": the target of row " + row + " is " + target
                        + ", neither within 0 and " + (spec.cols() - 1) + " nor the ignored " + spec.ignoreIndex());
            }
            sum += weights == 0 ? 1 : Raw.f32(weights, target);
        }
        return sum;
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
