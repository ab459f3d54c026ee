package io.gatun.nn;

import io.gatun.autograd.Tensor;

/** Logarithms of the probabilities over the last axis, x - ln Σ e^x; as torch.nn.LogSoftmax(dim=-1). */
public final class LogSoftmax extends Module {
    /** Nothing to choose. */
    public LogSoftmax() {}

    @Override
    public Tensor forward(Tensor src) {
        return src.logSoftmax();
    }
}
