package io.gatun.autograd;

import io.gatun.autograd.Images.Window;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.spec.Activation;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers that multiply bytes: src becomes bytes by a scale and a zero point that were chosen before, and the sums of
 * products of bytes become numbers again. For inference: they have no gradients. Where src holds a NaN, all of dst is NaN.
 */
public final class Quantized {
    private Quantized() {}

    /**
     * What a layer multiplies by; w[o] = weightScales[o] · weights[o], x = scale · (byte - zeroPoint).
     *
     * @param weights s8, with the output channels first
     * @param weightScales one for each output channel
     * @param bias one for each output channel, or null
     * @param scale one positive number: of src
     * @param zeroPoint one int32 within 0 and 255: the byte that is the number 0
     */
    public record Filters(Tensor weights, Tensor weightScales, Tensor bias, Tensor scale, Tensor zeroPoint) {}

    /**
     * {@link Images#conv2d} of bytes: src [n, h, w, ic], weights [oc, kh, kw, ic / groups].
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     * @throws IllegalStateException if src requires a gradient
     */
    public static Tensor conv2d(Tensor src, Filters filters, Window window, Activation activation) {
        Images.image("quantized conv2d", src);
        Shape s = src.shape;
        Shape w = filters.weights.shape;
        if (w.rank() != 4 || s.dim(3) != w.dim(3) * window.groups()) {
            throw unfit("conv2d", src, filters);
        }
        boolean bias = filters.bias != null;
        var conv = Convolutions.spec(s, w.dim(0), w.dim(1), w.dim(2), window, bias, Activation.IDENTITY);
        Shape shape = Shape.of(s.dim(0), conv.oh(), conv.ow(), w.dim(0));
        return run("conv2d", new QuantizedConvSpec(conv), shape, src, filters, activation);
    }

    /**
     * {@link Matrices#linear} of bytes: src [..., in], weights [out, in].
     *
     * @throws IllegalArgumentException naming the shapes, if they do not fit
     * @throws IllegalStateException if src requires a gradient
     */
    public static Tensor linear(Tensor src, Filters filters, Activation activation) {
        Shape w = filters.weights.shape;
        if (w.rank() != 2 || src.shape.rank() < 1 || src.shape.last() != w.dim(1)) {
            throw unfit("linear", src, filters);
        }
        int rows = Math.toIntExact(Views.leading(src.shape, 1).elements());
        QuantizedConvSpec spec = QuantizedConvSpec.linear(rows, w.dim(1), w.dim(0));
        Shape shape = Views.withLast(src.shape, w.dim(0));
        return run("linear", filters.bias == null ? spec : spec.withBias(), shape, src, filters, activation);
    }

    private static IllegalArgumentException unfit(String op, Tensor src, Filters filters) {
        return new IllegalArgumentException("quantized " + op + ": src " + src.shape + " does not fit the weights "
                + filters.weights.shape + ", whose last size must be that of src (of one of its groups)");
    }

    private static Tensor run(
            String op, QuantizedConvSpec spec, Shape shape, Tensor src, Filters filters, Activation activation) {
        Tape tape = Tape.of(op, src);
        if (tape.records(src)) {
            throw new IllegalStateException("quantized " + op + " has no gradient, and " + src
                    + " wants one; run a quantised net within tape.noGrad()");
        }
        boolean relu = activation.kind() == Activation.Kind.RELU;
        Tensor from = Casts.floats(op, src);
        Tensor bytes = tape.result(src.shape, DType.U8, "bytes");
        MemorySegment scale = tape.allocate(Float.BYTES, "scale");
        QuantizeSpec quantize = new QuantizeSpec(src.shape.elements());
        tape.run(quantize, from.memory(), filters.scale.memory(), filters.zeroPoint.memory(), bytes.memory, scale);
        Tensor dst = tape.result(shape, op);
        List<MemorySegment> operands = new ArrayList<>(7);
        operands.addAll(List.of(bytes.memory, scale, filters.zeroPoint.memory()));
        operands.addAll(List.of(filters.weights.memory(), filters.weightScales.memory()));
        if (filters.bias != null) {
            operands.add(filters.bias.memory());
        }
        operands.add(dst.memory);
        tape.run(relu ? spec.withActivation(activation) : spec, operands.toArray(MemorySegment[]::new));
        bytes.release();
        Casts.release(from, src);
        return relu || activation.kind() == Activation.Kind.IDENTITY ? dst : Activations.inPlaceOf(dst, activation);
    }
}
