package io.gatun.nn;

import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A stack of {@link TransformerEncoderLayer}s, as torch.nn.TransformerEncoder: {@code layers.0}, …, {@code norm}. */
public final class TransformerEncoder extends Module {
    private final List<TransformerEncoderLayer> layers = new ArrayList<>();
    private final LayerNorm norm;

    /**
     * Layers of the same options, each with weights of its own.
     *
     * @param finalNorm whether a layer norm follows the last layer, which nets with {@link
     *     TransformerOptions#normFirst} need
     */
    public TransformerEncoder(TransformerOptions options, int layers, boolean finalNorm) {
        for (int i = 0; i < layers; i++) {
            this.layers.add(child("layers." + i, new TransformerEncoderLayer(options)));
        }
        norm = finalNorm ? child("norm", new LayerNorm(options.size())) : null;
    }

    /** Every place sees every other. */
    @Override
    public Tensor forward(Tensor src) {
        return forward(src, null);
    }

    /** With a mask that is added to the scores of each layer; null for none. */
    public Tensor forward(Tensor src, Tensor mask) {
        Tensor value = src;
        for (TransformerEncoderLayer layer : layers) {
            Tensor result = layer.call(value, mask);
            if (value != src) {
                value.release();
            }
            value = result;
        }
        return norm == null ? value : through(norm, value, src);
    }

    /** {@link #forward(Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor src, Tensor mask) {
        return observe(src, forward(src, mask));
    }
}
