package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** Probabilities over the last axis, e^x / Σ e^x; as torch.nn.Softmax(dim=-1). Before cross-entropy leave it out. */
public final class Softmax extends Module {
    /** Nothing to choose. */
    public Softmax() {}

    @Override
    public Tensor forward(Tensor src) {
        return src.softmax();
    }
}
