package io.gatun.nn;

import io.gatun.autograd.Matrices;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/**
 * Luong et al. 2015: score = query · key, or query · (W key) where W is to be learned ("general"), and Vaswani et al. 2017:
 * query · key / sqrt(q). The one parameter, of the general form, is {@code key.weight} [q, k].
 */
public final class DotAttention extends SequenceAttention {
    private final Linear key;
    private final boolean scaled;

    private DotAttention(Linear key, boolean scaled) {
        this.key = key == null ? null : child("key", key);
        this.scaled = scaled;
    }

    /** query · key: both are as wide. */
    public static DotAttention plain() {
        return new DotAttention(null, false);
    }

    /** query · key / sqrt(width). */
    public static DotAttention scaled() {
        return new DotAttention(null, true);
    }

    /** query · (W key), for queries of {@code queries} features and keys of {@code keys}. */
    public static DotAttention general(int queries, int keys) {
        return new DotAttention(new Linear(keys, queries, false, Activation.IDENTITY), false);
    }

    @Override
    Tensor project(Tensor keys) {
        return key == null ? keys : key.call(keys);
    }

    @Override
    Tensor scores(Tensor queries, Tensor projected) {
        Tensor scores = Matrices.matmul(queries, projected, false, true);
        if (!scaled) {
            return scores;
        }
        Tensor smaller = scores.scale((float) (1 / Math.sqrt(queries.shape().last())));
        scores.release();
        return smaller;
    }
}
