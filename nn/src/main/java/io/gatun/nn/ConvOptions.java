package io.gatun.nn;

import io.gatun.autograd.Images.Window;
import io.gatun.autograd.Initializer;
import io.gatun.spec.Activation;

/**
 * What a convolution may choose, as the arguments of torch.nn.Conv2d with their defaults: stride 1, no padding, dilation 1,
 * one group, a bias. Each method gives a changed copy: {@code ConvOptions.kernel(3, 5).stride(2).padding(1, 2).bias(false)}.
 * Layers of sequences use the second of two numbers. Padding is always with zeros.
 *
 * @param same whether the padding is such that the output is ceil(input / stride), the odd one of it at the end
 * @param outputRows rows that a transposed convolution adds at the bottom
 * @param activation applied in the same pass; not by transposed convolutions
 */
public record ConvOptions(
        int kh,
        int kw,
        int sh,
        int sw,
        int ph,
        int pw,
        boolean same,
        int dh,
        int dw,
        int groups,
        int outputRows,
        int outputCols,
        boolean bias,
        Activation activation,
        Initializer initializer) {

    /**
     * @throws IllegalArgumentException if a number is out of its range
     */
    public ConvOptions {
        if (kh < 1 || kw < 1 || sh < 1 || sw < 1 || dh < 1 || dw < 1 || groups < 1) {
            throw new IllegalArgumentException("a convolution's kernel " + kh + "x" + kw + ", stride " + sh + "x" + sw
                    + ", dilation " + dh + "x" + dw + " and groups " + groups + " must all be at least 1");
        }
        if (ph < 0 || pw < 0 || outputRows < 0 || outputCols < 0) {
            throw new IllegalArgumentException("a convolution's padding " + ph + "x" + pw + " and output padding "
                    + outputRows + "x" + outputCols + " must not be negative");
        }
    }

    /** A square kernel, or one of a sequence. */
    public static ConvOptions kernel(int size) {
        return kernel(size, size);
    }

    /** A kernel of so many rows and columns. */
    public static ConvOptions kernel(int rows, int cols) {
        return new ConvOptions(
                rows, cols, 1, 1, 0, 0, false, 1, 1, 1, 0, 0, true, Activation.IDENTITY, Init.kaimingUniform());
    }

    /** Pixels between neighbouring windows, at least 1, 1 unless said. */
    public ConvOptions stride(int both) {
        return stride(both, both);
    }

    /** As {@link #stride(int)}, down and across. */
    public ConvOptions stride(int rows, int cols) {
        return moved(rows, cols, ph, pw, same, dh, dw, groups);
    }

    /** Zeros on each side, at least 0, 0 unless said. */
    public ConvOptions padding(int both) {
        return padding(both, both);
    }

    /** As {@link #padding(int)}, above and below, left and right. */
    public ConvOptions padding(int rows, int cols) {
        return moved(sh, sw, rows, cols, false, dh, dw, groups);
    }

    /**
     * The padding that makes the output ceil(input / stride): PyTorch's {@code padding="same"}, and TensorFlow's where there
     * is a stride.
     */
    public ConvOptions paddingSame() {
        return moved(sh, sw, 0, 0, true, dh, dw, groups);
    }

    /** Pixels from one tap of the kernel to the next, at least 1, 1 unless said. */
    public ConvOptions dilation(int both) {
        return dilation(both, both);
    }

    /** As {@link #dilation(int)}, down and across. */
    public ConvOptions dilation(int rows, int cols) {
        return moved(sh, sw, ph, pw, same, rows, cols, groups);
    }

    /** Channels fall into so many groups that do not see each other; a divisor of both numbers of channels. */
    public ConvOptions groups(int count) {
        return moved(sh, sw, ph, pw, same, dh, dw, count);
    }

    private ConvOptions moved(int sh, int sw, int ph, int pw, boolean same, int dh, int dw, int groups) {
        return new ConvOptions(
                kh, kw, sh, sw, ph, pw, same, dh, dw, groups, outputRows, outputCols, bias, activation, initializer);
    }

    /** As {@link #outputPadding(int, int)}, the same for both; below the stride. */
    public ConvOptions outputPadding(int both) {
        return outputPadding(both, both);
    }

    /** Of transposed convolutions: rows and columns more, where a stride leaves the size open. */
    public ConvOptions outputPadding(int rows, int cols) {
        return ends(rows, cols, bias, activation, initializer);
    }

    /** Whether there is a bias; there is unless said. */
    public ConvOptions bias(boolean with) {
        return ends(outputRows, outputCols, with, activation, initializer);
    }

    /** What is done to the result in the same pass. */
    public ConvOptions activation(Activation fused) {
        return ends(outputRows, outputCols, bias, fused, initializer);
    }

    /** Of the weights; PyTorch's default otherwise. */
    public ConvOptions initializer(Initializer weights) {
        return ends(outputRows, outputCols, bias, activation, weights);
    }

    private ConvOptions ends(int rows, int cols, boolean bias, Activation activation, Initializer initializer) {
        return new ConvOptions(kh, kw, sh, sw, ph, pw, same, dh, dw, groups, rows, cols, bias, activation, initializer);
    }

    /** How the window moves over an image of this size. */
    Window window(int h, int w) {
        if (!same) {
            return new Window(sh, sw, ph, pw, ph, pw, dh, dw, groups);
        }
        int rows = missing(h, kh, sh, dh);
        int cols = missing(w, kw, sw, dw);
        return new Window(sh, sw, rows / 2, cols / 2, rows - rows / 2, cols - cols / 2, dh, dw, groups);
    }

    private static int missing(int size, int kernel, int stride, int dilation) {
        int out = Math.ceilDiv(size, stride);
        return Math.max(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - size);
    }

    void requireChannels(String layer, int in, int out) {
        if (in < 1 || out < 1 || in % groups != 0 || out % groups != 0) {
            throw new IllegalArgumentException(layer + ": " + in + " to " + out + " channels in " + groups
                    + " groups; both must be divisible by the groups");
        }
    }

    void requireForward(String layer) {
        if (outputRows > 0 || outputCols > 0) {
            throw new IllegalArgumentException(
                    layer + ": only transposed convolutions have an output padding; choose a padding instead");
        }
    }

    void requireTransposed(String layer) {
        if (same || activation.kind() != Activation.Kind.IDENTITY) {
            throw new IllegalArgumentException(layer
                    + ": a transposed convolution takes no padding \"same\" and no activation; give its padding, and"
                    + " put the activation behind it");
        }
    }
}
