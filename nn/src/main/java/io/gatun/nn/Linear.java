package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Matrices;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;

/** dst = activation(src · weightᵀ + bias) over the last axis; weight [out, in], as torch.nn.Linear. */
public final class Linear extends Module {
    private final Parameter weight;
    private final Parameter bias;
    private final Activation activation;

    /** With a bias and no activation. */
    public Linear(int in, int out) {
        this(in, out, true, Activation.IDENTITY);
    }

    /** With an activation in the same pass, and a bias if wanted. */
    public Linear(int in, int out, boolean withBias, Activation activation) {
        this.activation = activation;
        weight = parameter("weight", Shape.of(out, in), Init.kaimingUniform());
        bias = withBias ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(in))) : null;
    }

    /** With a bias, and first values other than torch's. */
    public Linear(int in, int out, Initializer weights, Initializer biases) {
        activation = Activation.IDENTITY;
        weight = parameter("weight", Shape.of(out, in), weights);
        bias = parameter("bias", Shape.of(out), biases);
    }

    private Linear(int height, int width, int channels, int out, Activation activation) {
        this.activation = activation;
        int in = height * width * channels;
        weight = columns("weight", Shape.of(out, in), channels, Init.kaimingUniform());
        bias = parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(in)));
    }

    /**
     * Behind a {@link Flatten} of [n, height, width, channels]: the columns of the weight are in that order, and {@link
     * StateDict} permutes those of PyTorch's files, which are in the order c, h, w.
     */
    public static Linear afterFlatten(int height, int width, int channels, int out, Activation activation) {
        return new Linear(height, width, channels, out, activation);
    }

    Parameter weight() {
        return weight;
    }

    /** Null if there is none. */
    Parameter bias() {
        return bias;
    }

    Activation activation() {
        return activation;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Matrices.linear(src, weight, bias, activation);
    }
}
