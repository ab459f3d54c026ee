package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * x if x &gt; 0, else a x with a learned (He et al. 2015): one slope for each entry of the last axis, or one for all; as
 * torch.nn.PReLU, whose parameter is named weight and begins at 0.25.
 */
public final class PRelu extends Module {
    private final Parameter weight;

    /** One slope for all. */
    public PRelu() {
        this(1, 0.25f);
    }

    /**
     * @param slopes 1, or the size of the last axis
     * @param initial value of each
     */
    public PRelu(int slopes, float initial) {
        weight = parameter("weight", Shape.of(slopes), Init.constant(initial));
    }

    @Override
    public Tensor forward(Tensor src) {
        return Activations.prelu(src, weight);
    }
}
