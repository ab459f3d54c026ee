package io.gatun.nn.train;

import io.gatun.autograd.Tensor;

/** Sees what a model says of each batch of an evaluation, in order: where metrics come from. */
@FunctionalInterface
public interface Predictions {
    /** Looks at nothing. */
    Predictions IGNORED = (_, _) -> {};

    /**
     * After the forward pass of one batch. Both tensors are valid during the call alone.
     *
     * @param prediction what the model gave: logits [n, classes] or values
     * @param target what the loss compares it with
     */
    void batch(Tensor prediction, Tensor target);
}
