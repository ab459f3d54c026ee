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
        Tensor over =
                ElementLoss.plus(Arithmetic.sub(prediction, truth), margin).relu();
        Tensor sums = Arithmetic.sum(p == 1 ? over : Arithmetic.mul(over, over), 1);
        // The class itself has margin - x_y + x_y, whatever x_y.
        float own = p == 1 ? Math.max(margin, 0) : Math.max(margin, 0) * Math.max(margin, 0);
        Tensor losses = Arithmetic.scale(ElementLoss.plus(sums, -own), 1f / classes);
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

    /** Mean of {@link #cosineEmbedding(Tensor, Tensor, Tensor, float, Reduction)} with margin 0. */
    public static Tensor cosineEmbedding(Tensor first, Tensor second, Tensor target) {
        return cosineEmbedding(first, second, target, 0, Reduction.MEAN);
    }

    /**
     * 1 - cos for rows that belong together (target 1), max(0, cos - margin) for those that do not (-1), cos being that of
     * the angle between rows of [n, d].
     *
     * @param target [n], of 1 and -1
     */
    public static Tensor cosineEmbedding(
            Tensor first, Tensor second, Tensor target, float margin, Reduction reduction) {
        ElementLoss.requireSame("cosineEmbedding", first, second);
        ElementLoss.requireConstant("cosineEmbedding", "target", target);
        if (first.shape.rank() != 2 || target.shape.rank() != 1 || target.shape.dim(0) != first.shape.dim(0)) {
            throw new IllegalArgumentException("cosineEmbedding: rows " + first.shape + " and target " + target.shape
                    + " do not fit; give [n, d] twice and a target [n]");
        }
        // Roots before the product, which may be beyond the largest float where the sizes are not.
        Tensor sizes = Arithmetic.mul(squares(first).sqrt(), squares(second).sqrt());
        Tensor cosine = Arithmetic.div(Arithmetic.sum(Arithmetic.mul(first, second), 1), sizes);
        Tensor together = ElementLoss.plus(target, 1).scale(0.5f);
        Tensor apart = ElementLoss.plus(target.scale(-1), 1).scale(0.5f);
        Tensor near = ElementLoss.plus(cosine.scale(-1), 1);
        Tensor far = ElementLoss.plus(cosine, -margin).relu();
        return ElementLoss.reduce(
                Arithmetic.add(Arithmetic.mul(near, together), Arithmetic.mul(far, apart)), reduction);
    }

    /** Σx² of each row, no zero: PyTorch's 1e-12 more. */
    private static Tensor squares(Tensor rows) {
        return ElementLoss.plus(Arithmetic.sumOfSquares(rows, -1), 1e-12f);
    }

    /**
     * What {@link #tripletMargin(Tensor, Tensor, Tensor, Triplet)} takes beside its rows.
     *
     * @param p of the distance (Σ|d|^p)^(1/p): 1 or 2
     * @param swap whether the distance of positive and negative counts where it is smaller than that of anchor and negative
     */
    public record Triplet(float margin, int p, boolean swap, Reduction reduction) {
        /** Margin 1, Euclidean, the mean. */
        public static final Triplet DEFAULT = new Triplet(1, 2, false, Reduction.MEAN);

        public Triplet {
            if (p != 1 && p != 2) {
                throw new IllegalArgumentException("tripletMargin: p = " + p + " is neither 1 nor 2");
            }
        }
    }

    /** The mean, with margin 1 and Euclidean distances. */
    public static Tensor tripletMargin(Tensor anchor, Tensor positive, Tensor negative) {
        return tripletMargin(anchor, positive, negative, Triplet.DEFAULT);
    }

    /**
     * max(0, margin + |anchor - positive| - |anchor - negative|) of each row of [n, d]; distances are of differences plus
     * 1e-6, as PyTorch's, so that a distance of 0 has a gradient.
     */
    public static Tensor tripletMargin(Tensor anchor, Tensor positive, Tensor negative, Triplet options) {
        ElementLoss.requireSame("tripletMargin", anchor, positive);
        ElementLoss.requireSame("tripletMargin", anchor, negative);
        Tensor near = distance(anchor, positive, options.p());
        Tensor far = distance(anchor, negative, options.p());
        if (options.swap()) {
            Tensor excess = Arithmetic.sub(far, distance(positive, negative, options.p()))
                    .relu();
            far = Arithmetic.sub(far, excess);
        }
        return ElementLoss.reduce(
                ElementLoss.plus(Arithmetic.sub(near, far), options.margin()).relu(), options.reduction());
    }

    private static Tensor distance(Tensor a, Tensor b, int p) {
        Tensor difference = ElementLoss.plus(Arithmetic.sub(a, b), 1e-6f);
        return p == 1
                ? Arithmetic.sum(difference.abs(), -1)
                : Arithmetic.sumOfSquares(difference, -1).sqrt();
    }
}
