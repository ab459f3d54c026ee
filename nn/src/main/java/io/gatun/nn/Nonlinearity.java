package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/** An elementwise activation as a layer. */
public final class Nonlinearity extends Module {
    private final Activation activation;

    public Nonlinearity(Activation activation) {
        this.activation = activation;
    }

    public static Nonlinearity relu() {
        return new Nonlinearity(Activation.RELU);
    }

    /** PyTorch's slope is 0.01. */
    public static Nonlinearity leakyRelu(float slope) {
        return new Nonlinearity(Activation.leakyRelu(slope));
    }

    public static Nonlinearity sigmoid() {
        return new Nonlinearity(Activation.SIGMOID);
    }

    public static Nonlinearity tanh() {
        return new Nonlinearity(Activation.TANH);
    }

    public static Nonlinearity gelu() {
        return new Nonlinearity(Activation.GELU);
    }

    /** PyTorch's alpha is 1. */
    public static Nonlinearity elu(float alpha) {
        return new Nonlinearity(Activation.elu(alpha));
    }

    @Override
    public Tensor forward(Tensor src) {
        return Activations.activation(src, activation);
    }
}
