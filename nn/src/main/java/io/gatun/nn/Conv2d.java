package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;

/** 2-d convolution of [n, h, w, in] with square kernels, as torch.nn.Conv2d; weight [out, k, k, in / groups]. */
public final class Conv2d extends Module {
    private final Parameter weight;
    private final Parameter bias;
    private final Images.Window window;
    private final Activation activation;

    /** With a bias. */
    public Conv2d(int in, int out, int kernel, int stride, int padding) {
        this(in, out, kernel, new Images.Window(stride, padding, 1, 1), true, Init.kaimingUniform());
    }

    /** Without an activation. */
    public Conv2d(int in, int out, int kernel, Images.Window window, boolean withBias, Initializer initializer) {
        this(in, out, kernel, window, withBias, Activation.IDENTITY, initializer);
    }

    /** All there is to choose; the activation runs in the same pass. */
    public Conv2d(
            int in,
            int out,
            int kernel,
            Images.Window window,
            boolean withBias,
            Activation activation,
            Initializer initializer) {
        if (in % window.groups() != 0 || out % window.groups() != 0) {
            throw new IllegalArgumentException("Conv2d: " + in + " to " + out + " channels in " + window.groups()
                    + " groups; both must be divisible by the groups");
        }
        this.window = window;
        this.activation = activation;
        int perGroup = in / window.groups();
        weight = filters("weight", Shape.of(out, kernel, kernel, perGroup), initializer);
        double fanIn = (double) perGroup * kernel * kernel;
        bias = withBias ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(fanIn))) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Images.conv2d(src, weight, bias, window, activation);
    }
}
