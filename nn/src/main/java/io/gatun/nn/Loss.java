package io.gatun.nn;

import io.gatun.autograd.CrossEntropyOptions;
import io.gatun.autograd.Divergences;
import io.gatun.autograd.Losses;
import io.gatun.autograd.MarginLosses;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Reduction;

/**
 * One number that says how far a prediction is from its target: PyTorch's loss modules, each the mean over its elements or
 * rows. Any lambda of tape operations is one too:
 * {@code Loss mine = (x, t) -> Losses.mse(x, t).add(Losses.l1(x, t).scale(0.1f))}. All here may be used by any thread.
 */
@FunctionalInterface
public interface Loss {
    /** Mean softmax cross-entropy of logits [..., classes] and 32-bit targets [...]; targets of -100 are ignored. */
    Loss CROSS_ENTROPY = Losses::crossEntropy;

    /** {@link Losses#nll(Tensor, Tensor)} of log-probabilities. */
    Loss NLL = Losses::nll;

    /** Mean of the squared differences of two tensors of one shape. */
    Loss MSE = Losses::mse;

    /** {@link Losses#l1(Tensor, Tensor)}. */
    Loss L1 = Losses::l1;

    /** {@link Losses#smoothL1(Tensor, Tensor)}. */
    Loss SMOOTH_L1 = Losses::smoothL1;

    /** {@link Losses#huber(Tensor, Tensor)}. */
    Loss HUBER = Losses::huber;

    /** {@link Losses#binaryCrossEntropy(Tensor, Tensor)} of probabilities. */
    Loss BCE = Losses::binaryCrossEntropy;

    /** {@link Losses#binaryCrossEntropyWithLogits(Tensor, Tensor)}. */
    Loss BCE_WITH_LOGITS = Losses::binaryCrossEntropyWithLogits;

    /** {@link Divergences#klDiv(Tensor, Tensor, Reduction)} with the batch mean. */
    Loss KL_DIV = (x, t) -> Divergences.klDiv(x, t, Reduction.BATCH_MEAN);

    /** {@link MarginLosses#hinge(Tensor, Tensor)}. */
    Loss HINGE = MarginLosses::hinge;

    /** {@link MarginLosses#multiMargin(Tensor, Tensor)}. */
    Loss MULTI_MARGIN = MarginLosses::multiMargin;

    /** The loss, a scalar on the prediction's tape. */
    Tensor of(Tensor prediction, Tensor target);

    /** {@link Losses#smoothL1(Tensor, Tensor, float, Reduction)}. */
    static Loss smoothL1(float beta) {
        return (x, t) -> Losses.smoothL1(x, t, beta, Reduction.MEAN);
    }

    /** {@link Losses#huber(Tensor, Tensor, float, Reduction)}. */
    static Loss huber(float delta) {
        return (x, t) -> Losses.huber(x, t, delta, Reduction.MEAN);
    }

    /** {@link Losses#quantile}. */
    static Loss quantile(float tau) {
        return (x, t) -> Losses.quantile(x, t, tau, Reduction.MEAN);
    }

    /** {@link Losses#sigmoidFocal}. */
    static Loss sigmoidFocal(float alpha, float gamma) {
        return (x, t) -> Losses.sigmoidFocal(x, t, alpha, gamma, Reduction.MEAN);
    }

    /** {@link Losses#crossEntropy(Tensor, Tensor, CrossEntropyOptions)}. */
    static Loss crossEntropy(CrossEntropyOptions options) {
        return (x, t) -> Losses.crossEntropy(x, t, options);
    }

    /** {@link Losses#nll(Tensor, Tensor, CrossEntropyOptions)}. */
    static Loss nll(CrossEntropyOptions options) {
        return (x, t) -> Losses.nll(x, t, options);
    }

    /** {@link Losses#binaryCrossEntropyWithLogits(Tensor, Tensor, float[], Reduction)}. */
    static Loss bceWithLogits(float... positiveWeight) {
        float[] weight = positiveWeight.clone();
        return (x, t) -> Losses.binaryCrossEntropyWithLogits(x, t, weight, Reduction.MEAN);
    }
}
