package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/**
 * Bahdanau et al. 2015: score = v · tanh(W query + U key). Parameters {@code query.weight} [width, q], {@code key.weight}
 * [width, k] and {@code score.weight} [1, width], without biases, as in
 * the paper.
 */
public final class AdditiveAttention extends SequenceAttention {
    private final Linear query;
    private final Linear key;
    private final Linear score;
    private final int width;

    /**
     * For queries of {@code queries} features and keys of {@code keys}.
     *
     * @param width of the sum inside the tanh
     */
    public AdditiveAttention(int queries, int keys, int width) {
        this.width = width;
        query = child("query", new Linear(queries, width, false, Activation.IDENTITY));
        key = child("key", new Linear(keys, width, false, Activation.IDENTITY));
        score = child("score", new Linear(width, 1, false, Activation.IDENTITY));
    }

    @Override
    Tensor project(Tensor keys) {
        return key.call(keys);
    }

    @Override
    Tensor scores(Tensor queries, Tensor projected) {
        int b = projected.shape().dim(0);
        int tk = projected.shape().dim(1);
        int tq = queries.shape().dim(1);
        Tensor q = query.call(queries).reshape(b, tq, 1, width).expand(b, tq, tk, width);
        Tensor k = projected.reshape(b, 1, tk, width).expand(b, tq, tk, width);
        Tensor sum = q.add(k);
        q.release();
        k.release();
        Tensor bent = Activations.activation(sum, Activation.TANH);
        sum.release();
        Tensor scores = score.call(bent).reshape(b, tq, tk);
        bent.release();
        return scores;
    }
}
