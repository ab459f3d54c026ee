package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** f(x) = x: a place that may be filled later; as torch.nn.Identity. */
public final class Identity extends Module {
    /** Nothing to choose. */
    public Identity() {}

    @Override
    public Tensor forward(Tensor src) {
        return src;
    }
}
