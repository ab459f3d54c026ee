package io.gatun.nn;

import io.gatun.autograd.Matrices;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;

/**
 * dst = T · H + (1 - T) · x with the gate T = σ(W_T x + b_T) and H = f(W_H x + b_H) (Srivastava et al. 2015), over the last
 * axis. A gate bias below 0, such as -2, lets x pass at first, so that many layers train; PyTorch has no such layer.
 */
public final class Highway extends Module {
    private final Parameter transformWeight;
    private final Parameter transformBias;
    private final Parameter gateWeight;
    private final Parameter gateBias;
    private final Activation activation;

    /** With ReLU and a gate bias of -1. */
    public Highway(int width) {
        this(width, Activation.RELU, -1);
    }

    /**
     * @param width of src and dst
     * @param activation f
     * @param gateBias first value of each entry of b_T
     */
    public Highway(int width, Activation activation, float gateBias) {
        this.activation = activation;
        Shape square = Shape.of(width, width);
        this.transformWeight = parameter("transform.weight", square, Init.kaimingUniform());
        this.transformBias = parameter("transform.bias", Shape.of(width), Init.uniform(1 / Math.sqrt(width)));
        this.gateWeight = parameter("gate.weight", square, Init.kaimingUniform());
        this.gateBias = parameter("gate.bias", Shape.of(width), Init.constant(gateBias));
    }

    @Override
    public Tensor forward(Tensor src) {
        Tensor transformed = Matrices.linear(src, transformWeight, transformBias, activation);
        Tensor gate = Matrices.linear(src, gateWeight, gateBias, Activation.SIGMOID);
        // x + T (H - x): one product fewer.
        Tensor difference = transformed.sub(src);
        transformed.release();
        Tensor moved = gate.mul(difference);
        gate.release();
        difference.release();
        Tensor dst = src.add(moved);
        moved.release();
        return dst;
    }
}
