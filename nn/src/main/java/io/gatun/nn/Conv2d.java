package io.gatun.nn;

import io.gatun.autograd.Images;
import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Initializer;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;

/**
 * 2-d convolution of [n, h, w, in], as torch.nn.Conv2d; weight [out, kh, kw, in / groups]. An output side is floor((h + 2
 * padding - dilation (k - 1) - 1) / stride) + 1.
 */
public final class Conv2d extends Module {
    private final ConvOptions options;
    private final Window fixed;
    private final Parameter weight;
    private final Parameter bias;

    /** Null until a batch norm is folded into this. */
    private Folded folded;

    /** What runs in the same pass instead of the own bias and activation. */
    private record Folded(Parameter bias, Activation activation) {}

    /** A square kernel, with a bias. */
    public Conv2d(int in, int out, int kernel, int stride, int padding) {
        this(in, out, ConvOptions.kernel(kernel).stride(stride).padding(padding));
    }

    /** All there is to choose. */
    public Conv2d(int in, int out, ConvOptions options) {
        this(in, out, options, null);
    }

    /** A square kernel without an activation. */
    public Conv2d(int in, int out, int kernel, Window window, boolean withBias, Initializer initializer) {
        this(in, out, kernel, window, withBias, Activation.IDENTITY, initializer);
    }

    /** A square kernel; the activation runs in the same pass. */
    public Conv2d(
            int in,
            int out,
            int kernel,
            Window window,
            boolean withBias,
            Activation activation,
            Initializer initializer) {
        this(
                in,
                out,
                ConvOptions.kernel(kernel)
                        .groups(window.groups())
                        .bias(withBias)
                        .activation(activation)
                        .initializer(initializer),
                window);
    }

    private Conv2d(int in, int out, ConvOptions options, Window fixed) {
        options.requireChannels("Conv2d", in, out);
        options.requireForward("Conv2d");
        this.options = options;
        this.fixed = fixed;
        int perGroup = in / options.groups();
        weight = filters("weight", Shape.of(out, options.kh(), options.kw(), perGroup), options.initializer());
        double fanIn = (double) perGroup * options.kh() * options.kw();
        bias = options.bias() ? parameter("bias", Shape.of(out), Init.uniform(1 / Math.sqrt(fanIn))) : null;
    }

    @Override
    public Tensor forward(Tensor src) {
        return Images.conv2d(src, weight, addedBias(), window(src.shape()), activation());
    }

    /** How the window moves over images of that shape. */
    Window window(Shape s) {
        Window window = fixed != null || s.rank() != 4 ? fixed : options.window(s.dim(1), s.dim(2));
        return window == null ? options.window(1, 1) : window;
    }

    Parameter weight() {
        return weight;
    }

    /** The bias that is added, which may be a folded one; null for none. */
    Parameter addedBias() {
        return folded == null ? bias : folded.bias;
    }

    /** What runs in the same pass. */
    Activation activation() {
        return folded == null ? options.activation() : folded.activation;
    }

    /** Whether what follows may be folded in: nothing lies between. */
    boolean linear() {
        return options.activation().equals(Activation.IDENTITY);
    }

    int channels() {
        return weight.shape().dim(0);
    }

    /** The bias of each channel, zeros without one. */
    double[] bias() {
        double[] values = new double[channels()];
        float[] own = bias == null ? new float[0] : bias.toArray();
        for (int c = 0; c < own.length; c++) {
            values[c] = own[c];
        }
        return values;
    }

    /** Scales the filters of each channel, and takes a bias and perhaps a ReLU in; {@link BatchNorm2d#foldInto}. */
    void fold(double[] scale, Parameter newBias, boolean relu) {
        float[] filters = weight.toArray();
        int filter = filters.length / scale.length;
        for (int i = 0; i < filters.length; i++) {
            filters[i] = (float) (filters[i] * scale[i / filter]);
        }
        weight.copyFrom(filters);
        folded = new Folded(newBias, relu ? Activation.RELU : Activation.IDENTITY);
    }

    @Override
    boolean folded() {
        return folded != null;
    }

    /** The kernel's rows and columns, and how it moves: for {@link ReceptiveField}. */
    ConvOptions options() {
        return fixed == null
                ? options
                : options.stride(fixed.sh(), fixed.sw())
                        .padding(fixed.ph(), fixed.pw())
                        .dilation(fixed.dh(), fixed.dw());
    }
}
