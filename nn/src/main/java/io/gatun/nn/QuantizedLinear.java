package io.gatun.nn;

import io.gatun.autograd.Quantized;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/** {@link Linear} in bytes. */
public final class QuantizedLinear extends QuantizedLayer {
    private final Activation activation;

    QuantizedLinear(Linear linear) {
        super(linear.weight().shape(), linear.bias() != null, linear.layout("weight"));
        this.activation = linear.activation();
    }

    @Override
    public Tensor forward(Tensor src) {
        return Quantized.linear(src, filters(), activation);
    }
}
