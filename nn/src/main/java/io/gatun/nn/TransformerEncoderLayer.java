package io.gatun.nn;

import io.gatun.autograd.Tensor;

/**
 * Self-attention and a feed-forward net over [t, b, size], each added to what it read and normalized, as
 * torch.nn.TransformerEncoderLayer with its names.
 */
public final class TransformerEncoderLayer extends Module {
    private final TransformerParts parts;
    private final MultiheadAttention attention;
    private final LayerNorm norm1;
    private final LayerNorm norm2;

    /** A layer of these sizes. */
    public TransformerEncoderLayer(TransformerOptions options) {
        attention = child("self_attn", new MultiheadAttention(options.size(), options.heads(), options.dropout()));
        parts = new TransformerParts(options);
        child("linear1", parts.linear1());
        child("dropout", parts.dropout());
        child("linear2", parts.linear2());
        norm1 = child("norm1", new LayerNorm(options.size()));
        norm2 = child("norm2", new LayerNorm(options.size()));
    }

    /** Every place sees every other. */
    @Override
    public Tensor forward(Tensor src) {
        return forward(src, null);
    }

    /** With a mask that is added to the scores, see {@link MultiheadAttention#forward(Tensor, Tensor, Tensor)}. */
    public Tensor forward(Tensor src, Tensor mask) {
        Tensor seen = parts.around(src, norm1, value -> attention.call(value, value, mask));
        Tensor result = parts.around(seen, norm2, parts::feedForward);
        seen.release();
        return result;
    }

    /** {@link #forward(Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor src, Tensor mask) {
        return observe(src, forward(src, mask));
    }
}
