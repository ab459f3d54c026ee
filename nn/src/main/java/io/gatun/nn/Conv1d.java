package io.gatun.nn;

import io.gatun.autograd.Convolutions;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Convolution of sequences [n, l, in], as torch.nn.Conv1d; weight [out, k, in / groups]. The output's length is floor((l + 2
 * padding - dilation (k - 1) - 1) / stride) + 1.
 */
public final class Conv1d extends Module {
    private final ConvOptions options;
    private final Parameter weight;
    private final Parameter bias;

    /** With a bias. */
    public Conv1d(int in, int out, int kernel, int stride, int padding) {
        this(in, out, ConvOptions.kernel(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose; of pairs the second number. */
    public Conv1d(int in, int out, ConvOptions options) {
        options.requireChannels("Conv1d", in, out);
        options.requireForward("Conv1d");
        this.options = options;
        int perGroup = in / options.groups();
        weight = filters("weight", Shape.of(out, options.kw(), perGroup), options.initializer());
        double fanIn = (double) perGroup * options.kw();
        bias = options.bias() ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(fanIn))) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        int length = src.shape().rank() == 3 ? src.shape().dim(1) : 1;
        return Convolutions.conv1d(src, weight, bias, options.window(1, length), options.activation());
    }

    ConvOptions options() {
        return options;
    }
}
