package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.LossSpec.Kind;
import io.gatun.spec.Reduction;

/**
 * Losses that ask for a distance between right and wrong and nothing more, under the names of {@code torch.nn.functional}.
 * Targets are constants.
 */
public final class MarginLosses {
    private MarginLosses() {}

    /** Mean of max(0, 1 - t x) for targets t of -1 and 1: that of support vector machines. */
    public static Tensor hinge(Tensor prediction, Tensor target) {
        return hinge(prediction, target, 1, Reduction.MEAN);
    }

    /** max(0, margin - t x) for targets t of -1 and 1; derivative 0 at the margin. */
    public static Tensor hinge(Tensor prediction, Tensor target, float margin, Reduction reduction) {
        return new ElementLoss("hinge", Kind.HINGE, margin, 0).of(prediction, target, reduction);
    }

    /** ln(1 + e^(-t x)) for targets t of -1 and 1. */
    public static Tensor softMargin(Tensor prediction, Tensor target, Reduction reduction) {
        return new ElementLoss("softMargin", Kind.SOFT_MARGIN).of(prediction, target, reduction);
    }

    /** Mean over rows of Σ over the other classes j of max(0, 1 - x_y + x_j) / classes. */
    public static Tensor multiMargin(Tensor prediction, Tensor targets) {
        return multiMargin(prediction, targets, 1, 1, null, Reduction.MEAN);
    }

    /**
     * w_y Σ over the classes j but y of max(0, margin - x_y + x_j)^p / classes, for predictions [n, classes] and 32-bit
     * targets y [n].
     *
     * @param p 1 or 2
     * @param weight of each class, [classes]; null for 1. A mean is over rows, whatever the weights
     * @throws IndexOutOfBoundsException if a target is no class
     */
    public static Tensor multiMargin(
            Tensor prediction, Tensor targets, int p, float margin, float[] weight, Reduction reduction) {
        if (p != 1 && p != 2) {
            throw new IllegalArgumentException("multiMargin: p = " + p + " is neither 1 nor 2");
        }
        if (prediction.shape.rank() != 2
                || targets.shape.rank() != 1
                || targets.shape.dim(0) != prediction.shape.dim(0)) {
            throw new IllegalArgumentException("multiMargin: prediction " + prediction.shape + " and targets "
                    + targets.shape + " do not fit; give [n, classes] and one target for each row");
        }
        int rows = prediction.shape.dim(0);
        int classes = prediction.shape.dim(1);
        Tensor truth = Lookups.gather(prediction, Views.reshape(targets, rows, 1));
        Tensor over = plus(Arithmetic.sub(prediction, truth), margin).relu();
        Tensor sums = Arithmetic.sum(p == 1 ? over : Arithmetic.mul(over, over), 1);
        // The class itself has margin - x_y + x_y, whatever x_y.
        float own = p == 1 ? Math.max(margin, 0) : Math.max(margin, 0) * Math.max(margin, 0);
        Tensor losses = Arithmetic.scale(plus(sums, -own), 1f / classes);
        if (weight != null) {
            if (weight.length != classes) {
                throw new IllegalArgumentException("multiMargin: " + weight.length + " weights for a prediction "
                        + prediction.shape + "; give one for each of the " + classes + " classes");
            }
            Tensor constant = over.tape.constant(Shape.of(classes), weight);
            losses = Arithmetic.mul(losses, Lookups.indexSelect(constant, 0, targets));
        }
        return ElementLoss.reduce(losses, reduction);
    }

    /**
     * Binary cross-entropy with logits, averaged over the labels of a row: [n, labels] of targets 0 and 1.
     *
     * @param weight of each label, [labels]; null for 1
     */
    public static Tensor multiLabelSoftMargin(Tensor prediction, Tensor target, float[] weight, Reduction reduction) {
        Tensor losses = Losses.binaryCrossEntropyWithLogits(prediction, target, null, Reduction.NONE);
        if (weight != null && weight.length != prediction.shape.last()) {
            throw new IllegalArgumentException("multiLabelSoftMargin: " + weight.length + " weights for a prediction "
                    + prediction.shape + "; give one for each label");
        }
        if (weight != null) {
            losses = Arithmetic.mul(losses, losses.tape.constant(Shape.of(weight.length), weight));
        }
        return ElementLoss.reduce(Arithmetic.mean(losses, -1), reduction);
    }

    /** max(0, margin - t (first - second)): the first should rank higher where t is 1, the second where it is -1. */
    public static Tensor marginRanking(Tensor first, Tensor second, Tensor target, float margin, Reduction reduction) {
        ElementLoss.requireSame("marginRanking", first, second);
        return hinge(Arithmetic.sub(first, second), target, margin, reduction);
    }

    /** x + value. */
    private static Tensor plus(Tensor x, float value) {
        Tape tape = Tape.of("margin", x);
        return Arithmetic.add(x, tape.constant(Shape.of(1), value));
    }
}
