package io.gatun.nn;

import io.gatun.autograd.Quantized;
import io.gatun.autograd.Tensor;

/** {@link Conv2d} in bytes, with what was folded into it; padding is the number 0. */
public final class QuantizedConv2d extends QuantizedLayer {
    private final Conv2d conv;

    QuantizedConv2d(Conv2d conv) {
        super(conv.weight().shape(), conv.addedBias() != null, conv.layout("weight"));
        this.conv = conv;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Quantized.conv2d(src, filters(), conv.window(src.shape()), conv.activation());
    }
}
