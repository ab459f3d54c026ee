package io.gatun.cuda.kernels;

import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** The arguments of the convolution kernels, in the order of conv_loaders.h. */
final class ConvArguments {
    private final List<Arg> arguments = new ArrayList<>();

    ConvArguments(Arg... operands) {
        arguments.addAll(List.of(operands));
    }

    /**
     * Forward and backward data as one problem: CONV_SHAPE_PARAMETERS. Result pixels gather from {@code in}, which is src
     * forward and diffDst backward; backward, pixels that are equal modulo the strides are a phase with taps of its own.
     */
    ConvArguments gather(ConvSpec s) {
        boolean forward = s.direction() == ConvSpec.Direction.FORWARD;
        int icg = s.ic() / s.groups();
        int ocg = s.oc() / s.groups();
        integers(s.n());
        if (forward) {
            integers(s.h(), s.w(), s.ic(), s.oh(), s.ow(), s.oc(), ocg);
        } else {
            integers(s.oh(), s.ow(), s.oc(), s.h(), s.w(), s.ic(), icg);
        }
        int tapStrideY = forward ? 1 : tapStride(s.sh(), s.dh());
        int tapStrideX = forward ? 1 : tapStride(s.sw(), s.dw());
        integers(s.kh(), s.kw(), s.sh(), s.sw(), s.dh(), s.dw(), s.ph(), s.pw(), tapStrideY, tapStrideX);
        divisor(phaseRows(s)).divisor(phaseColumns(s)).divisor(forward ? icg : ocg);
        return divisor(s.kw() / tapStrideX).divisor(s.kw() / tapStrideX + 1);
    }

    /** Backward weights: CONV_FILTER_PARAMETERS. */
    ConvArguments filters(ConvSpec s, ConvTiles.Splits splits) {
        integers(s.h(), s.w(), s.ic(), s.oc(), s.groups(), s.kh(), s.sh(), s.sw(), s.dh(), s.dw(), s.ph(), s.pw());
        integers(s.n() * s.oh() * s.ow(), splits.length());
        return divisor(s.oh()).divisor(s.ow()).divisor(s.ic() / s.groups()).divisor(s.kw());
    }

    ConvArguments activation(Activation activation) {
        integers(activation.kind().ordinal());
        arguments.add(Arg.f32(activation.alpha()));
        arguments.add(Arg.f32(activation.beta()));
        return this;
    }

    ConvArguments integers(int... values) {
        for (int value : values) {
            arguments.add(Arg.i32(value));
        }
        return this;
    }

    Arg[] all() {
        return arguments.toArray(Arg[]::new);
    }

    /** Rows of the results of one phase. */
    static int phaseRows(ConvSpec s) {
        return s.direction() == ConvSpec.Direction.FORWARD ? s.oh() : Math.ceilDiv(s.h(), s.sh());
    }

    static int phaseColumns(ConvSpec s) {
        return s.direction() == ConvSpec.Direction.FORWARD ? s.ow() : Math.ceilDiv(s.w(), s.sw());
    }

    /** One tap in so many meets the stride: stride / gcd(stride, dilation). */
    private static int tapStride(int stride, int dilation) {
        return stride
                / BigInteger.valueOf(stride).gcd(BigInteger.valueOf(dilation)).intValue();
    }

    /** A number below 2^31 that indices below 2^31 are divided by: itself, 2^32 (2^shift - it) / it + 1, and shift. */
    private ConvArguments divisor(int divisor) {
        long d = Math.max(1, divisor);
        int shift = 64 - Long.numberOfLeadingZeros(d - 1);
        return integers(divisor, (int) (((1L << shift) - d << 32) / d + 1), shift);
    }
}
