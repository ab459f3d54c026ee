package io.gatun.nn;

import io.gatun.autograd.Parameter;
import io.gatun.autograd.Sequences;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/** A row of weight [vocabulary, width] for each 32-bit index, as torch.nn.Embedding. */
public final class Embedding extends Module {
    private final Parameter weight;

    /** Rows drawn from the standard normal distribution, as PyTorch's. */
    public Embedding(int vocabulary, int width) {
        weight = parameter("weight", Shape.of(vocabulary, width), Init.normal(1));
    }

    @Override
    public Tensor forward(Tensor indices) {
        return Sequences.embedding(weight, indices);
    }
}
