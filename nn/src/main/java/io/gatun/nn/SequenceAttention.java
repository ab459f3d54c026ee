package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Attention of a decoder over the outputs of an encoder: weights α = softmax over the keys of score(query, key) + mask, and
 * their mean of the values, Σ α value, the context. The keys are prepared once for all steps of a decoder.
 */
public abstract sealed class SequenceAttention extends Module permits AdditiveAttention, DotAttention {
    /**
     * What an encoder's outputs were prepared to; each tensor has the batch as its first axis, so that a {@link
     * BeamDecoder} may carry them.
     *
     * @param projected [b, tk, width], what scores read
     * @param values [b, tk, v], the outputs themselves
     * @param mask [b, tk], added to the scores: 0 to see a key, -Inf not to; null if all are seen
     */
    public record Keys(Tensor projected, Tensor values, Tensor mask) {}

    /**
     * What a query found.
     *
     * @param context [b, v], or [tq, b, v] for queries of many steps
     * @param weights [b, tk], or [b, tq, tk]; each row adds up to 1
     */
    public record Result(Tensor context, Tensor weights) {}

    SequenceAttention() {}

    /** What scores read of keys [tk, b, k], with time outermost still. */
    abstract Tensor project(Tensor keys);

    /** Scores [b, tq, tk] of queries [b, tq, q] and prepared keys. */
    abstract Tensor scores(Tensor queries, Tensor projected);

    /**
     * Prepares the outputs [tk, b, k] of an encoder, which are keys and values.
     *
     * @param mask 0 for a key and -Inf for padding, [b, tk] or of another shape with as many numbers in that order ([b, 1,
     *     1, tk] as attention of several heads takes it); null if there is no padding. A row of -Inf alone gives NaN, as in
     *     PyTorch
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public final Keys keys(Tensor outputs, Tensor mask) {
        Shape shape = outputs.shape();
        if (shape.rank() != 3
                || (mask != null
                        && (mask.shape().rank() < 2
                                || mask.shape().dim(0) != shape.dim(1)
                                || mask.shape().elements() != (long) shape.dim(0) * shape.dim(1)))) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": keys " + shape + " and mask "
                    + (mask == null ? "none" : mask.shape()) + " do not fit; give [tk x b x k] and [b x tk]");
        }
        Tensor projected = project(outputs);
        Tensor values = outputs.transpose(0, 1);
        Tensor turned = projected == outputs ? values : projected.transpose(0, 1);
        if (projected != outputs) {
            projected.release();
        }
        return new Keys(turned, values, mask == null ? null : mask.reshape(shape.dim(1), shape.dim(0)));
    }

    /**
     * What a step's query [b, q], or queries [tq, b, q] of many steps at once, find in the keys.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public final Result attend(Tensor query, Keys keys) {
        Shape shape = query.shape();
        Shape values = keys.values().shape();
        boolean one = shape.rank() == 2;
        if ((!one && shape.rank() != 3) || shape.dim(one ? 0 : 1) != values.dim(0)) {
            throw new IllegalArgumentException(getClass().getSimpleName() + ": query " + shape + " for values " + values
                    + " does not fit; give [b x q] or [tq x b x q]");
        }
        int b = values.dim(0);
        int tq = one ? 1 : shape.dim(0);
        int tk = values.dim(1);
        Tensor queries = one ? query.reshape(b, 1, -1) : query.transpose(0, 1);
        Tensor scores = scores(queries, keys.projected());
        if (keys.mask() != null) {
            Tensor plain = scores;
            scores = plain.add(keys.mask().reshape(b, 1, tk).expand(b, tq, tk));
            plain.release();
        }
        Tensor weights = Activations.softmax(scores);
        scores.release();
        Tensor context = weights.matmul(keys.values());
        if (one) {
            return new Result(context.reshape(b, -1), weights.reshape(b, tk));
        }
        Tensor turned = context.transpose(0, 1);
        context.release();
        return new Result(turned, weights);
    }

    /** Self-attention of src [t, b, k] without a mask: the contexts [t, b, k]. */
    @Override
    public final Tensor forward(Tensor src) {
        return attend(src, keys(src, null)).context();
    }
}
