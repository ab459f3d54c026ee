package io.gatun.nn;

import io.gatun.autograd.Convolutions;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;

/**
 * Transposed 2-d convolution of [n, h, w, in], as torch.nn.ConvTranspose2d: the gradient of a convolution by its input, which
 * enlarges images; weight [in, kh, kw, out / groups]. An output side is (h - 1) stride - 2 padding + dilation (k - 1) + output
 * padding + 1.
 */
public final class ConvTranspose2d extends Module {
    private final ConvOptions options;
    private final Parameter weight;
    private final Parameter bias;

    /** A square kernel, with a bias. */
    public ConvTranspose2d(int in, int out, int kernel, int stride, int padding) {
        this(in, out, ConvOptions.kernel(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose; the output padding must be below the stride. */
    public ConvTranspose2d(int in, int out, ConvOptions options) {
        options.requireChannels("ConvTranspose2d", in, out);
        options.requireTransposed("ConvTranspose2d");
        this.options = options;
        int perGroup = out / options.groups();
        weight = filters("weight", Shape.of(in, options.kh(), options.kw(), perGroup), options.initializer());
        double fan = (double) perGroup * options.kh() * options.kw();
        bias = options.bias() ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(fan))) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Convolutions.transpose2d(
                src, weight, bias, options.window(1, 1), options.outputRows(), options.outputCols());
    }
}
