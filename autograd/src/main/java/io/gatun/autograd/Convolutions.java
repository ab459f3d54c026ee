package io.gatun.autograd;

import io.gatun.autograd.Images.Window;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;

/** Convolutions of sequences [n, l, c], and transposed convolutions. Those of images are {@link Images#conv2d}. */
public final class Convolutions {
    private Convolutions() {}

    static ConvSpec spec(Shape src, int oc, int kh, int kw, Window window, boolean bias, Activation activation) {
        return new ConvSpec(
                ConvSpec.Direction.FORWARD,
                src.dim(0),
                src.dim(1),
                src.dim(2),
                src.dim(3),
                oc,
                kh,
                kw,
                window.sh(),
                window.sw(),
                window.dh(),
                window.dw(),
                window.ph(),
                window.pw(),
                window.pb(),
                window.pr(),
                window.groups(),
                bias,
                activation);
    }

    static Tensor run(String op, Tape tape, ConvSpec spec, Shape shape, Tensor src, Tensor weights, Tensor bias) {
        if (spec.oh() == 0 || spec.ow() == 0) {
            throw new IllegalArgumentException(op + ": a kernel of " + reach(spec.kh(), spec.dh()) + "x"
                    + reach(spec.kw(), spec.dw()) + " with its dilation, of weights " + weights.shape
                    + ", does not fit the padded src " + (spec.h() + spec.ph() + spec.pb()) + "x"
                    + (spec.w() + spec.pw() + spec.pr()) + " of " + src.shape
                    + "; choose a smaller kernel or more padding");
        }
        DType type = Casts.ofProduct(tape, op, src, weights);
        Tensor from = Casts.to(tape, op, src, type);
        Tensor shift = Casts.floats(tape, op, bias);
        Casts.Lowered lowered = Casts.weights(tape, op, weights, type);
        Tensor dst = tape.result(shape, type, op);
        if (bias == null) {
            tape.run(spec, type, from.memory(), lowered.of(weights), dst.memory);
        } else {
            tape.run(spec, type, from.memory(), lowered.of(weights), shift.memory(), dst.memory);
        }
        tape.record(new Op.Conv(spec, lowered), dst, from, weights, shift);
        Casts.release(from, src);
        return dst;
    }

    private static long reach(int kernel, int dilation) {
        return dilation * (kernel - 1L) + 1;
    }

    /**
     * dst = activation(conv(src, weights) + bias) for src [n, l, ic], weights [oc, k, ic / groups] and bias [oc] or null; of
     * the window's two directions that of columns counts.
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor conv1d(Tensor src, Tensor weights, Tensor bias, Window window, Activation activation) {
        if (!activation.kind().usesOutput()) {
            return Activations.inPlaceOf(conv1d(src, weights, bias, window, Activation.IDENTITY), activation);
        }
        Tape tape = Tape.of("conv1d", src, weights, bias);
        Casts.requireFloating("conv1d", src);
        Shape s = src.shape;
        Shape w = weights.shape;
        if (s.rank() != 3
                || w.rank() != 3
                || s.dim(2) != w.dim(2) * window.groups()
                || (bias != null && bias.shape.elements() != w.dim(0))) {
            throw new IllegalArgumentException("conv1d: src " + s + ", weights " + w
                    + (bias == null ? "" : ", bias " + bias.shape) + " with " + window.groups()
                    + " groups do not fit; weights are [oc x k x ic/groups] for src [n x l x ic]");
        }
        Shape row = Shape.of(s.dim(0), 1, s.dim(1), s.dim(2));
        Window along = new Window(1, window.sw(), 0, window.pw(), 0, window.pr(), 1, window.dw(), window.groups());
        ConvSpec spec = spec(row, w.dim(0), 1, w.dim(1), along, bias != null, activation);
        return run("conv1d", tape, spec, Shape.of(s.dim(0), spec.ow(), w.dim(0)), src, weights, bias);
    }

    /**
     * The transposed convolution (torch.nn.functional.conv_transpose2d): the gradient of a convolution with these weights by
     * its input, for src [n, h, w, ic], weights [ic, kh, kw, oc / groups] and bias [oc] or null. An output side is (h - 1)
     * stride - padding before and after + dilation (k - 1) + outputPadding + 1.
     *
     * @param outputRows rows added at the bottom where a stride leaves the size open, below the stride
     * @param outputCols columns added on the right likewise
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     */
    public static Tensor transpose2d(
            Tensor src, Tensor weights, Tensor bias, Window window, int outputRows, int outputCols) {
        Casts.requireFloating("convTranspose2d", src);
        if (src.shape.rank() != 4 || weights.shape.rank() != 4) {
            throw new IllegalArgumentException("convTranspose2d: src " + src.shape + " and weights " + weights.shape
                    + " do not fit; give [n x h x w x ic] and [ic x kh x kw x oc/groups]");
        }
        Shape s = src.shape;
        Shape w = weights.shape;
        ConvSpec spec = transposed(
                "convTranspose2d",
                s,
                new int[] {w.dim(0), w.dim(1), w.dim(2), w.dim(3)},
                window,
                outputRows,
                outputCols);
        Shape shape = Shape.of(s.dim(0), spec.h(), spec.w(), spec.ic());
        return transpose("convTranspose2d", spec, shape, src, weights, bias);
    }

    /**
     * As {@link #transpose2d} for src [n, l, ic] and weights [ic, k, oc / groups]; of the window's two directions that of
     * columns counts.
     */
    public static Tensor transpose1d(Tensor src, Tensor weights, Tensor bias, Window window, int outputPadding) {
        Casts.requireFloating("convTranspose1d", src);
        if (src.shape.rank() != 3 || weights.shape.rank() != 3) {
            throw new IllegalArgumentException("convTranspose1d: src " + src.shape + " and weights " + weights.shape
                    + " do not fit; give [n x l x ic] and [ic x k x oc/groups]");
        }
        Shape s = src.shape;
        Shape w = weights.shape;
        Shape row = Shape.of(s.dim(0), 1, s.dim(1), s.dim(2));
        Window along = new Window(1, window.sw(), 0, window.pw(), 0, window.pr(), 1, window.dw(), window.groups());
        ConvSpec spec = transposed(
                "convTranspose1d", row, new int[] {w.dim(0), 1, w.dim(1), w.dim(2)}, along, 0, outputPadding);
        return transpose("convTranspose1d", spec, Shape.of(s.dim(0), spec.w(), spec.ic()), src, weights, bias);
    }

    /** The forward convolution from the result's image to that of {@code s}, weights [ic, kh, kw, oc / groups]. */
    private static ConvSpec transposed(String op, Shape s, int[] w, Window window, int outputRows, int outputCols) {
        if (s.dim(3) != w[0] || w[0] % window.groups() != 0) {
            throw new IllegalArgumentException(op + ": src " + s + " has " + s.dim(3) + " channels, weights are for "
                    + w[0] + " in " + window.groups() + " groups; weights are [ic x kernel x oc/groups]");
        }
        if (outputRows < 0 || outputCols < 0 || outputRows >= window.sh() || outputCols >= window.sw()) {
            throw new IllegalArgumentException(op + ": an output padding of " + outputRows + " and " + outputCols
                    + " must be at least 0 and below the stride " + window.sh() + " and " + window.sw());
        }
        int h = size(s.dim(1), window.sh(), window.ph() + window.pb(), window.dh(), w[1], outputRows);
        int wide = size(s.dim(2), window.sw(), window.pw() + window.pr(), window.dw(), w[2], outputCols);
        if (h < 1 || wide < 1) {
            throw new IllegalArgumentException(op + ": src " + s + " with a kernel of " + w[1] + "x" + w[2]
                    + " leaves nothing of the output, " + h + "x" + wide + "; choose a smaller padding");
        }
        Shape image = Shape.of(s.dim(0), h, wide, w[3] * window.groups());
        return spec(image, w[0], w[1], w[2], window, false, Activation.IDENTITY);
    }

    private static int size(int in, int stride, int padding, int dilation, int kernel, int more) {
        return Math.toIntExact((in - 1L) * stride - padding + (long) dilation * (kernel - 1) + more + 1);
    }

    private static Tensor transpose(String op, ConvSpec spec, Shape shape, Tensor src, Tensor weights, Tensor bias) {
        Tape tape = Tape.of(op, src, weights, bias);
        if (bias != null && bias.shape.elements() != spec.ic()) {
            throw new IllegalArgumentException(op + ": bias " + bias.shape + " does not fit " + spec.ic()
                    + " output channels; give one number each");
        }
        DType type = Casts.ofProduct(tape, op, src, weights);
        Tensor from = Casts.to(tape, op, src, type);
        Casts.Lowered lowered = Casts.weights(tape, op, weights, type);
        Tensor product = tape.result(shape, type, op);
        tape.run(spec.with(ConvSpec.Direction.BACKWARD_DATA), type, from.memory(), lowered.of(weights), product.memory);
        tape.record(new Op.ConvTranspose(spec, lowered), product, from, weights);
        Casts.release(from, src);
        if (bias == null) {
            return product;
        }
        Tensor shift = Casts.to(tape, op, bias, type);
        Tensor dst = Arithmetic.add(product, shift);
        Casts.release(shift, bias);
        product.release();
        return dst;
    }
}
