package io.gatun.nn;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Tensor;

/** One number that says how far a prediction is from its target. */
@FunctionalInterface
public interface Loss {
    /** Mean softmax cross-entropy of logits [..., classes] and 32-bit targets [...]; targets of -100 are ignored. */
    Loss CROSS_ENTROPY = Losses::crossEntropy;

    /** Mean of the squared differences of two tensors of one shape. */
    Loss MSE = Losses::mse;

    /** The loss, a scalar on the prediction's tape. */
    Tensor of(Tensor prediction, Tensor target);
}
