package io.gatun.nn;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Tensor;

/**
 * Self-attention, attention to an encoder's memory and a feed-forward net, as torch.nn.TransformerDecoderLayer with its
 * names.
 */
public final class TransformerDecoderLayer extends Module {
    private final TransformerParts parts;
    private final MultiheadAttention self;
    private final MultiheadAttention cross;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final LayerNorm norm3;

    /** A layer of these sizes. */
    public TransformerDecoderLayer(TransformerOptions options) {
        self = child("self_attn", new MultiheadAttention(options.size(), options.heads(), options.dropout()));
        cross = child("multihead_attn", new MultiheadAttention(options.size(), options.heads(), options.dropout()));
        parts = new TransformerParts(options);
        child("linear1", parts.linear1());
        child("dropout", parts.dropout());
        child("linear2", parts.linear2());
        norm1 = child("norm1", new LayerNorm(options.size()));
        norm2 = child("norm2", new LayerNorm(options.size()));
        norm3 = child("norm3", new LayerNorm(options.size()));
    }

    /** The target is its own memory, and no place sees a later one. */
    @Override
    public Tensor forward(Tensor src) {
        Tensor mask = Attention.causalMask(src);
        Tensor result = forward(src, src, mask, null);
        mask.release();
        return result;
    }

    /**
     * What follows in the target, given the memory.
     *
     * @param target [t, b, size]
     * @param memory [s, b, size]
     * @param targetMask added to the target's scores [b, heads, t, t], mostly {@link Attention#causalMask}; null for none
     * @param memoryMask added to the memory's scores [b, heads, t, s]; null for none
     */
    public Tensor forward(Tensor target, Tensor memory, Tensor targetMask, Tensor memoryMask) {
        Tensor own = parts.around(target, norm1, value -> self.call(value, value, targetMask));
        Tensor seen = parts.around(own, norm2, value -> cross.call(value, memory, memoryMask));
        own.release();
        Tensor result = parts.around(seen, norm3, parts::feedForward);
        seen.release();
        return result;
    }

    /** {@link #forward(Tensor, Tensor, Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor target, Tensor memory, Tensor targetMask, Tensor memoryMask) {
        return observe(target, forward(target, memory, targetMask, memoryMask));
    }
}
