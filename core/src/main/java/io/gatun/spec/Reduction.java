package io.gatun.spec;

/** What becomes of the losses of single elements or rows. */
public enum Reduction {
    /** Nothing: one loss for each. */
    NONE,
    /** Their sum over how many there are; where classes have weights, over the sum of the targets' weights. */
    MEAN,
    /** Their sum over the length of the first axis: what a Kullback-Leibler divergence is by its definition. */
    BATCH_MEAN,
    /** Their sum. */
    SUM
}
