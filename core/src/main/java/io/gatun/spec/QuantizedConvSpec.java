package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolution of bytes: with the whole number sum = Σ (src − zeroPoint) · weights over a window,
 * dst[n,y,x,o] = act(sum · scale · weightScales[o] + bias[o]). A place in the padding is the number 0, which as a byte is the
 * zero point. The sum is exact in 32 bits and becomes a float; then there are two products and an addition, in this order
 * and each rounded, so that all kernels give the same bits.
 *
 * <p>Operands: src (u8, NHWC), scale (one), zeroPoint (one, 0 to 255), weights (s8, OHWI), weightScales (one for each output
 * channel), [bias], dst (f32). Scales and zero point are operands, so layers of one shape share a plan.
 *
 * @param conv the shape; forward, without an activation or with ReLU
 */
public record QuantizedConvSpec(ConvSpec conv) implements Spec {
    private static final String FAMILY = "quantizedconv";

    /** Terms of a sum at most: each is 255 · 128 at most, and the sum has to fit into 32 bits. */
    public static final int MOST_TERMS = Integer.MAX_VALUE / (255 * 128);

    /** A convolution that has a byte kernel. */
    public QuantizedConvSpec {
        Checks.require(
                conv.direction() == ConvSpec.Direction.FORWARD,
                () -> FAMILY + ": only the forward direction is there, bytes are for inference");
        Activation.Kind kind = conv.activation().kind();
        Checks.require(
                kind == Activation.Kind.IDENTITY || kind == Activation.Kind.RELU,
                () -> FAMILY + ": " + conv.activation() + " is none of identity and relu; apply it behind");
        long terms = (long) conv.kh() * conv.kw() * (conv.ic() / conv.groups());
        Checks.require(
                terms <= MOST_TERMS,
                () -> FAMILY + ": sums of " + terms + " terms may exceed 32 bits; " + MOST_TERMS + " are the most");
    }

    /** dst = src · weightsᵀ of src [rows, in] and weights [out, in]: each row is a pixel. */
    public static QuantizedConvSpec linear(int rows, int in, int out) {
        return new QuantizedConvSpec(ConvSpec.of(1, rows, 1, in, out, 1, 1, 0));
    }

    public QuantizedConvSpec withBias() {
        return new QuantizedConvSpec(conv.withBias());
    }

    public QuantizedConvSpec withActivation(Activation activation) {
        return new QuantizedConvSpec(conv.withActivation(activation));
    }

    /** Whether each pixel is multiplied by itself: a matrix product of {@code n·h·w} rows. */
    public boolean pixelwise() {
        return conv.kh() * conv.kw() * conv.sh() * conv.sw() * conv.groups() == 1
                && conv.ph() + conv.pw() + conv.pb() + conv.pr() == 0;
    }

    @Override
    public List<Operand> operands() {
        long filter = (long) conv.kh() * conv.kw() * (conv.ic() / conv.groups());
        List<Operand> operands = new ArrayList<>(7);
        operands.add(Operand.read("src", DType.U8, (long) conv.n() * conv.h() * conv.w() * conv.ic()));
        operands.add(Operand.read("scale", DType.F32, 1));
        operands.add(Operand.read("zeroPoint", DType.I32, 1));
        operands.add(Operand.read("weights", DType.S8, conv.oc() * filter));
        operands.add(Operand.read("weightScales", DType.F32, conv.oc()));
        if (conv.bias()) {
            operands.add(Operand.read("bias", DType.F32, conv.oc()));
        }
        operands.add(Operand.write("dst", DType.F32, (long) conv.n() * conv.oh() * conv.ow() * conv.oc()));
        return List.copyOf(operands);
    }

    /** Multiplications and additions of whole numbers. */
    @Override
    public double flops() {
        return conv.flops();
    }

    static QuantizedConvSpec parse(SpecLine line) {
        return new QuantizedConvSpec(ConvSpec.parse(line));
    }

    @Override
    public String toString() {
        return conv.line(FAMILY);
    }
}
