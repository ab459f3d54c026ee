package io.gatun.nn;

import io.gatun.autograd.Convolutions;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Transposed convolution of sequences [n, l, in], as torch.nn.ConvTranspose1d; weight [in, k, out / groups]. The output's
 * length is (l - 1) stride - 2 padding + dilation (k - 1) + output padding + 1.
 */
public final class ConvTranspose1d extends Module {
    private final ConvOptions options;
    private final Parameter weight;
    private final Parameter bias;

    /** With a bias. */
    public ConvTranspose1d(int in, int out, int kernel, int stride, int padding) {
        this(in, out, ConvOptions.kernel(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose, of pairs the second number; the output padding must be below the stride. */
    public ConvTranspose1d(int in, int out, ConvOptions options) {
        options.requireChannels("ConvTranspose1d", in, out);
        options.requireTransposed("ConvTranspose1d");
        this.options = options;
        int perGroup = out / options.groups();
        weight = filters("weight", Shape.of(in, options.kw(), perGroup), options.initializer());
        double fan = (double) perGroup * options.kw();
        bias = options.bias() ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(fan))) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Convolutions.transpose1d(src, weight, bias, options.window(1, 1), options.outputCols());
    }
}
