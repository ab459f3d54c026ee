package io.gatun.nn;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A stack of {@link TransformerDecoderLayer}s, as torch.nn.TransformerDecoder: {@code layers.0}, …, {@code norm}. */
public final class TransformerDecoder extends Module {
    private final List<TransformerDecoderLayer> layers = new ArrayList<>();
    private final LayerNorm norm;

    /** Layers of the same options, each with weights of its own, and a layer norm behind the last if wanted. */
    public TransformerDecoder(TransformerOptions options, int layers, boolean finalNorm) {
        for (int i = 0; i < layers; i++) {
            this.layers.add(child("layers." + i, new TransformerDecoderLayer(options)));
        }
        norm = finalNorm ? child("norm", new LayerNorm(options.size())) : null;
    }

    /** The target is its own memory, and no place sees a later one. */
    @Override
    public Tensor forward(Tensor target) {
        Tensor mask = Attention.causalMask(target);
        Tensor result = forward(target, target, mask, null);
        mask.release();
        return result;
    }

    /** As {@link TransformerDecoderLayer#forward(Tensor, Tensor, Tensor, Tensor)} through all layers. */
    public Tensor forward(Tensor target, Tensor memory, Tensor targetMask, Tensor memoryMask) {
        Tensor value = target;
        for (TransformerDecoderLayer layer : layers) {
            Tensor result = layer.call(value, memory, targetMask, memoryMask);
            if (value != target) {
                value.release();
            }
            value = result;
        }
        return norm == null ? value : through(norm, value, target);
    }

    /** {@link #forward(Tensor, Tensor, Tensor, Tensor)}, then the hooks. */
    public Tensor call(Tensor target, Tensor memory, Tensor targetMask, Tensor memoryMask) {
        return observe(target, forward(target, memory, targetMask, memoryMask));
    }
}
