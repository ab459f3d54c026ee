package io.gatun.nn;

import io.gatun.autograd.Activations;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/** An elementwise activation as a layer: torch.nn.ReLU, LeakyReLU, Sigmoid, Tanh, GELU, ELU, SiLU and Softplus. */
public final class Nonlinearity extends Module {
    private final Activation activation;

    /** Of any of the kernels' activations. */
    public Nonlinearity(Activation activation) {
        this.activation = activation;
    }

    /** max(x, 0); NaN stays NaN. */
    public static Nonlinearity relu() {
        return new Nonlinearity(Activation.RELU);
    }

    /** PyTorch's slope is 0.01. */
    public static Nonlinearity leakyRelu(float slope) {
        return new Nonlinearity(Activation.leakyRelu(slope));
    }

    /** 1 / (1 + e^-x). */
    public static Nonlinearity sigmoid() {
        return new Nonlinearity(Activation.SIGMOID);
    }

    /** The hyperbolic tangent. */
    public static Nonlinearity tanh() {
        return new Nonlinearity(Activation.TANH);
    }

    /** x Φ(x), with the exact Φ and not the approximation by tanh. */
    public static Nonlinearity gelu() {
        return new Nonlinearity(Activation.GELU);
    }

    /** PyTorch's alpha is 1. */
    public static Nonlinearity elu(float alpha) {
        return new Nonlinearity(Activation.elu(alpha));
    }

    /** x / (1 + e^-x), also called swish. */
    public static Nonlinearity silu() {
        return new Nonlinearity(Activation.SILU);
    }

    /** ln(1 + e^x), PyTorch's with beta 1. */
    public static Nonlinearity softplus() {
        return new Nonlinearity(Activation.SOFTPLUS);
    }

    /** 1 if x &gt;= 0, else 0, with gradient 0: for perceptrons, whose rule needs none. */
    public static Nonlinearity step() {
        return new Nonlinearity(Activation.STEP);
    }

    /** The nearest number from {@code low} to {@code high}; 0 and 6 is ReLU6. */
    public static Nonlinearity clamp(float low, float high) {
        return new Nonlinearity(Activation.clamp(low, high));
    }

    @Override
    public Tensor forward(Tensor src) {
        return Activations.activation(src, activation);
    }
}
