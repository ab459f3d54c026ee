package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.LossSpec.Kind;
import io.gatun.spec.Reduction;

/**
 * The losses of regression and classification, under the names of {@code torch.nn.functional}; x is the prediction, t the
 * target, e = x - t. Each is one kernel that computes the gradient in the same pass. Without a reduction they give the
 * mean; {@link Reduction#NONE} gives one loss an element, or one a row of logits. See also {@link MarginLosses} and
 * {@link Divergences}.
 *
 * <p>All throw {@link IllegalArgumentException}, naming both shapes, if they do not fit, and if a target requires a gradient
 * that the loss does not have.
 */
public final class Losses {
    private Losses() {}

    /** Mean of e² over all elements. */
    public static Tensor mse(Tensor prediction, Tensor target) {
        return mse(prediction, target, Reduction.MEAN);
    }

    /** e²; the target may require a gradient too. */
    public static Tensor mse(Tensor prediction, Tensor target, Reduction reduction) {
        return new ElementLoss("mse", Kind.MSE).of(prediction, target, reduction);
    }

    /** The root of {@link #mse}, with 1e-8 under it, which keeps the gradient finite where all is right. */
    public static Tensor rmse(Tensor prediction, Tensor target) {
        return ElementLoss.plus(mse(prediction, target), 1e-8f).sqrt();
    }

    /** Mean of |e|, with derivative 0 where e is 0. */
    public static Tensor l1(Tensor prediction, Tensor target) {
        return l1(prediction, target, Reduction.MEAN);
    }

    /** |e|; the target may require a gradient too. */
    public static Tensor l1(Tensor prediction, Tensor target, Reduction reduction) {
        return new ElementLoss("l1", Kind.L1).of(prediction, target, reduction);
    }

    /** Mean of {@link #smoothL1(Tensor, Tensor, float, Reduction)} with β = 1. */
    public static Tensor smoothL1(Tensor prediction, Tensor target) {
        return smoothL1(prediction, target, 1, Reduction.MEAN);
    }

    /** e² / 2β where |e| is below β, else |e| - β / 2: squares near 0, lines far away. With β = 0 it is {@link #l1}. */
    public static Tensor smoothL1(Tensor prediction, Tensor target, float beta, Reduction reduction) {
        return beta == 0
                ? l1(prediction, target, reduction)
                : new ElementLoss("smoothL1", Kind.SMOOTH_L1, beta, 0).of(prediction, target, reduction);
    }

    /** Mean of {@link #huber(Tensor, Tensor, float, Reduction)} with δ = 1. */
    public static Tensor huber(Tensor prediction, Tensor target) {
        return huber(prediction, target, 1, Reduction.MEAN);
    }

    /** e² / 2 where |e| is at most δ, else δ (|e| - δ / 2): squares near 0, lines far away; δ times {@link #smoothL1}. */
    public static Tensor huber(Tensor prediction, Tensor target, float delta, Reduction reduction) {
        return new ElementLoss("huber", Kind.HUBER, delta, 0).of(prediction, target, reduction);
    }

    /**
     * The pinball loss max(τ (t - x), (τ - 1) (t - x)), whose minimum is the τ-quantile.
     *
     * @param tau within 0 and 1; 0.9 makes predictions below the target nine times as dear as those above
     */
    public static Tensor quantile(Tensor prediction, Tensor target, float tau, Reduction reduction) {
        return new ElementLoss("quantile", Kind.QUANTILE, tau, 0).of(prediction, target, reduction);
    }

    /** (ln(1 + x) - ln(1 + t))², for values above -1. */
    public static Tensor msle(Tensor prediction, Tensor target, Reduction reduction) {
        return new ElementLoss("msle", Kind.MSLE).of(prediction, target, reduction);
    }

    /**
     * Mean of -(t ln x + (1 - t) ln(1 - x)) for probabilities x, logarithms not below -100. Prefer
     * {@link #binaryCrossEntropyWithLogits}, which loses no digits near 0 and 1.
     */
    public static Tensor binaryCrossEntropy(Tensor prediction, Tensor target) {
        return binaryCrossEntropy(prediction, target, null, Reduction.MEAN);
    }

    /**
     * As {@link #binaryCrossEntropy(Tensor, Tensor)}; NaN for what is no probability.
     *
     * @param weight that each loss is multiplied with, of a shape that broadcasts to the prediction's; null for none
     */
    public static Tensor binaryCrossEntropy(Tensor prediction, Tensor target, Tensor weight, Reduction reduction) {
        ElementLoss loss = new ElementLoss("binaryCrossEntropy", Kind.BCE);
        if (weight != null && !prediction.shape.equals(Broadcasts.common(prediction.shape, weight.shape))) {
            throw new IllegalArgumentException(
                    "binaryCrossEntropy: weight " + weight.shape + " does not fit prediction " + prediction.shape
                            + "; give a shape that broadcasts to the prediction's");
        }
        return weight == null
                ? loss.of(prediction, target, reduction)
                : ElementLoss.reduce(Arithmetic.mul(loss.of(prediction, target, Reduction.NONE), weight), reduction);
    }

    /** Mean of ln(1 + e^x) - t x: the binary cross-entropy of σ(x), each element a label of its own. */
    public static Tensor binaryCrossEntropyWithLogits(Tensor logits, Tensor target) {
        return binaryCrossEntropyWithLogits(logits, target, null, Reduction.MEAN);
    }

    /**
     * (1 - t) ln(1 + e^x) + w t ln(1 + e^-x). An infinite logit of the right sign has loss 0.
     *
     * @param positiveWeight w, for each entry of the last axis or one for all: a label that is there once in ten wants 9;
     *     null for 1
     */
    public static Tensor binaryCrossEntropyWithLogits(
            Tensor logits, Tensor target, float[] positiveWeight, Reduction reduction) {
        return new ElementLoss("binaryCrossEntropyWithLogits", Kind.BCE_WITH_LOGITS)
                .of(logits, target, positiveWeight, reduction);
    }

    /**
     * Focal loss of binary labels (Lin et al. 2017): a (1 - p)^γ times {@link #binaryCrossEntropyWithLogits}, p being the
     * probability of the truth, so that what is nearly right counts little. As torchvision's {@code sigmoid_focal_loss}.
     *
     * @param alpha the share a of positive targets, 1 - alpha that of the others; -1 for none. The paper's is 0.25
     * @param gamma at least 0; the paper's is 2
     */
    public static Tensor sigmoidFocal(Tensor logits, Tensor target, float alpha, float gamma, Reduction reduction) {
        return new ElementLoss("sigmoidFocal", Kind.FOCAL, gamma, alpha).of(logits, target, reduction);
    }

    /** As {@link #crossEntropy(Tensor, Tensor, CrossEntropyOptions)}: the mean, ignoring targets of -100. */
    public static Tensor crossEntropy(Tensor logits, Tensor targets) {
        return crossEntropy(logits, targets, CrossEntropyOptions.DEFAULT);
    }

    /** The mean, ignoring targets of {@code ignoreIndex}. */
    public static Tensor crossEntropy(Tensor logits, Tensor targets, int ignoreIndex) {
        return crossEntropy(logits, targets, CrossEntropyOptions.DEFAULT.withIgnoreIndex(ignoreIndex));
    }

    /**
     * -log softmax(logits)[target] of each row, weighted and smoothed as the options say, for logits [..., classes] and
     * 32-bit targets [...]; or -Σ t log softmax(logits) for probabilities t of the logits' shape, whose mean is that over
     * rows.
     *
     * @throws IndexOutOfBoundsException if a target is no class
     */
    public static Tensor crossEntropy(Tensor logits, Tensor targets, CrossEntropyOptions options) {
        return ClassLoss.of("crossEntropy", logits, targets, options, false);
    }

    /** As {@link #nll(Tensor, Tensor, CrossEntropyOptions)}: the mean, ignoring targets of -100. */
    public static Tensor nll(Tensor logProbabilities, Tensor targets) {
        return nll(logProbabilities, targets, CrossEntropyOptions.DEFAULT);
    }

    /**
     * -logProbabilities[target] of each row, for what {@link Activations#logSoftmax} gives and 32-bit targets [...]. There
     * is no label smoothing.
     *
     * @throws IndexOutOfBoundsException if a target is no class
     */
    public static Tensor nll(Tensor logProbabilities, Tensor targets, CrossEntropyOptions options) {
        return ClassLoss.of("nll", logProbabilities, targets, options, true);
    }

    /**
     * Focal loss of classes: a_y (1 - p_y)^γ times {@link #crossEntropy}, p_y being the probability of the target y. The
     * mean is over rows, whatever the weights; there is no target that is ignored.
     *
     * @param targets 32-bit, one for each row of logits [..., classes]
     * @param gamma at least 0; 2 is usual, 0 is plain cross-entropy
     * @param weight a of each class; null for 1
     * @throws IndexOutOfBoundsException if a target is no class
     */
    public static Tensor focal(Tensor logits, Tensor targets, float gamma, float[] weight, Reduction reduction) {
        if (!(gamma >= 0)) {
            throw new IllegalArgumentException("focal: gamma " + gamma + " is not at least 0");
        }
        CrossEntropyOptions each =
                CrossEntropyOptions.DEFAULT.withReduction(Reduction.NONE).withIgnoreIndex(Integer.MIN_VALUE);
        Tensor losses = crossEntropy(logits, targets, each);
        // 1 - p = -(e^-loss - 1), without cancellation; a loss of 0 has the logarithm of the smallest number.
        Tensor miss =
                Activations.activation(losses.scale(-1), Activation.elu(1)).scale(-1);
        Tensor factor = miss.clamp(Float.MIN_NORMAL, 1).log().scale(gamma).exp();
        Tensor focused = Arithmetic.mul(factor, losses);
        if (weight != null) {
            if (weight.length != logits.shape.last()) {
                throw new IllegalArgumentException("focal: " + weight.length + " weights for logits " + logits.shape
                        + "; give one for each class");
            }
            Tensor classes = losses.tape.constant(Shape.of(weight.length), weight);
            Tensor rows = Lookups.indexSelect(classes, 0, Views.reshape(targets, -1));
            focused = Arithmetic.mul(focused, Views.reshape(rows, focused.shape.dims()));
        }
        return ElementLoss.reduce(focused, reduction);
    }
}
