package io.gatun.autograd;

import io.gatun.spec.Reduction;

/**
 * What PyTorch's {@code cross_entropy} and {@code nll_loss} take beside their two tensors. Immutable; to be kept and used in
 * every step.
 */
public final class CrossEntropyOptions {
    /** The mean over rows, ignoring targets of -100. */
    public static final CrossEntropyOptions DEFAULT = new CrossEntropyOptions(null, -100, Reduction.MEAN, 0);

    final float[] weight;
    final int ignoreIndex;
    final Reduction reduction;
    final float labelSmoothing;

    private CrossEntropyOptions(float[] weight, int ignoreIndex, Reduction reduction, float labelSmoothing) {
        this.weight = weight;
        this.ignoreIndex = ignoreIndex;
        this.reduction = reduction;
        this.labelSmoothing = labelSmoothing;
    }

    /**
     * A weight for each class; imbalanced classes are commonly given 1 / their count. A mean divides by the sum of the
     * weights of the targets that count.
     */
    public CrossEntropyOptions withWeight(float... classes) {
        return new CrossEntropyOptions(classes.clone(), ignoreIndex, reduction, labelSmoothing);
    }

    /** Rows with this target count for nothing. */
    public CrossEntropyOptions withIgnoreIndex(int index) {
        return new CrossEntropyOptions(weight, index, reduction, labelSmoothing);
    }

    /** NONE gives one loss a row, of the targets' shape. */
    public CrossEntropyOptions withReduction(Reduction wanted) {
        return new CrossEntropyOptions(weight, ignoreIndex, wanted, labelSmoothing);
    }

    /** The target becomes (1 - share) of itself and share / classes of every class; 0 to 1. */
    public CrossEntropyOptions withLabelSmoothing(float share) {
        return new CrossEntropyOptions(weight, ignoreIndex, reduction, share);
    }
}
