package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * 2-d convolution (cross-correlation) of NHWC images with OHWI filters, in one of three directions:
 * dst[n,y,x,o] = act(bias[o] + Σ src[n, y·sh + i·dh − ph, x·sw + j·dw − pw, c] · weights[o,i,j,c]).
 *
 * <p>{@code ic} and {@code oc} count all groups; weights hold [oc, kh, kw, ic / groups]. Padding is given for each
 * side: {@code ph} top, {@code pb} bottom, {@code pw} left, {@code pr} right.
 *
 * <p>Operands forward: src, weights, [bias], dst. Backward data: diffDst, weights, diffSrc. Backward weights: src,
 * diffDst, diffWeights, [diffBias].
 *
 * @param direction which of the three
 * @param activation applied in the forward direction; identity in the others
 */
public record ConvSpec(
        Direction direction,
        int n,
        int h,
        int w,
        int ic,
        int oc,
        int kh,
        int kw,
        int sh,
        int sw,
        int dh,
        int dw,
        int ph,
        int pw,
        int pb,
        int pr,
        int groups,
        boolean bias,
        Activation activation)
        implements Spec {

    /** The three directions of a convolution. */
    public enum Direction {
        FORWARD,
        BACKWARD_DATA,
        BACKWARD_WEIGHTS
    }

    public ConvSpec {
        Checks.notNegative("conv", "n", n);
        Checks.notNegative("conv", "h", h);
        Checks.notNegative("conv", "w", w);
        Checks.positive("conv", "ic", ic);
        Checks.positive("conv", "oc", oc);
        Checks.positive("conv", "kh", kh);
        Checks.positive("conv", "kw", kw);
        Checks.positive("conv", "sh", sh);
        Checks.positive("conv", "sw", sw);
        Checks.positive("conv", "dh", dh);
        Checks.positive("conv", "dw", dw);
        Checks.notNegative("conv", "ph", ph);
        Checks.notNegative("conv", "pw", pw);
        Checks.notNegative("conv", "pb", pb);
        Checks.notNegative("conv", "pr", pr);
        Checks.positive("conv", "g", groups);
        Checks.require(
                ic % groups == 0 && oc % groups == 0,
                () -> "conv: ic=" + ic + " and oc=" + oc + " are not both divisible by g=" + groups);
        Checks.require(
                direction == Direction.FORWARD || activation.equals(Activation.IDENTITY),
                () -> "conv: only the forward direction takes an activation");
        Checks.require(direction != Direction.BACKWARD_DATA || !bias, () -> "conv: backward_data has no bias");
        Checks.paddedSize("conv", h, ph, pb);
        Checks.paddedSize("conv", w, pw, pr);
        Checks.product("conv", Math.max(1, n), Math.max(1, h), Math.max(1, w), ic);
        Checks.product(
                "conv",
                Math.max(1, n),
                Math.max(1, outSize(h, kh, sh, dh, ph, pb)),
                Math.max(1, outSize(w, kw, sw, dw, pw, pr)),
                oc);
        Checks.product("conv", oc, kh, kw, ic / groups);
    }

    /** A forward convolution with a square kernel, one stride and one padding. */
    public static ConvSpec of(int n, int h, int w, int ic, int oc, int kernel, int stride, int padding) {
        return new ConvSpec(
                Direction.FORWARD,
                n,
                h,
                w,
                ic,
                oc,
                kernel,
                kernel,
                stride,
                stride,
                1,
                1,
                padding,
                padding,
                padding,
                padding,
                1,
                false,
                Activation.IDENTITY);
    }

    /** The same problem in another direction; a bias is kept where it has a meaning, the activation only forward. */
    public ConvSpec with(Direction newDirection) {
        return new ConvSpec(
                newDirection,
                n,
                h,
                w,
                ic,
                oc,
                kh,
                kw,
                sh,
                sw,
                dh,
                dw,
                ph,
                pw,
                pb,
                pr,
                groups,
                bias && newDirection != Direction.BACKWARD_DATA,
                newDirection == Direction.FORWARD ? activation : Activation.IDENTITY);
    }

    public ConvSpec withBias() {
        return new ConvSpec(
                direction, n, h, w, ic, oc, kh, kw, sh, sw, dh, dw, ph, pw, pb, pr, groups, true, activation);
    }

    public ConvSpec withActivation(Activation newActivation) {
        return new ConvSpec(
                direction, n, h, w, ic, oc, kh, kw, sh, sw, dh, dw, ph, pw, pb, pr, groups, bias, newActivation);
    }

    public ConvSpec withGroups(int newGroups) {
        return new ConvSpec(
                direction, n, h, w, ic, oc, kh, kw, sh, sw, dh, dw, ph, pw, pb, pr, newGroups, bias, activation);
    }

    public ConvSpec withDilation(int newDh, int newDw) {
        return new ConvSpec(
                direction, n, h, w, ic, oc, kh, kw, sh, sw, newDh, newDw, ph, pw, pb, pr, groups, bias, activation);
    }

    /** Padding of each side. */
    public ConvSpec withPadding(int top, int left, int bottom, int right) {
        return new ConvSpec(
                direction, n, h, w, ic, oc, kh, kw, sh, sw, dh, dw, top, left, bottom, right, groups, bias, activation);
    }

    /** Output rows. */
    public int oh() {
        return outSize(h, kh, sh, dh, ph, pb);
    }

    /** Output columns. */
    public int ow() {
        return outSize(w, kw, sw, dw, pw, pr);
    }

    /** floor((size + before + after − dilation·(kernel − 1) − 1) / stride) + 1; a larger kernel leaves no output. */
    static int outSize(int size, int kernel, int stride, int dilation, int before, int after) {
        long room = (long) size + before + after - (long) dilation * (kernel - 1) - 1;
        return room < 0 ? 0 : (int) (room / stride + 1);
    }

    @Override
    public List<Operand> operands() {
        long src = (long) n * h * w * ic;
        long dst = (long) n * oh() * ow() * oc;
        long weights = (long) oc * kh * kw * (ic / groups);
        List<Operand> operands = new ArrayList<>(4);
        switch (direction) {
            case FORWARD -> {
                operands.add(Operand.read("src", DType.F32, src));
                operands.add(Operand.read("weights", DType.F32, weights));
                if (bias) {
                    operands.add(Operand.read("bias", DType.F32, oc));
                }
                operands.add(Operand.write("dst", DType.F32, dst));
            }
            case BACKWARD_DATA -> {
                operands.add(Operand.read("diffDst", DType.F32, dst));
                operands.add(Operand.read("weights", DType.F32, weights));
                operands.add(Operand.write("diffSrc", DType.F32, src));
            }
            case BACKWARD_WEIGHTS -> {
                operands.add(Operand.read("src", DType.F32, src));
                operands.add(Operand.read("diffDst", DType.F32, dst));
                operands.add(Operand.write("diffWeights", DType.F32, weights));
                if (bias) {
                    operands.add(Operand.write("diffBias", DType.F32, oc));
                }
            }
        }
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        return 2.0 * n * oh() * ow() * oc * kh * kw * (ic / groups);
    }

    static ConvSpec parse(SpecLine line) {
        int kh = line.integer("kh");
        int kw = line.integer("kw");
        int ph = line.integer("ph", 0);
        int pw = line.integer("pw", 0);
        return new ConvSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.integer("n"),
                line.integer("h"),
                line.integer("w"),
                line.integer("ic"),
                line.integer("oc"),
                kh,
                kw,
                line.integer("sh", 1),
                line.integer("sw", 1),
                line.integer("dh", 1),
                line.integer("dw", 1),
                ph,
                pw,
                line.integer("pb", ph),
                line.integer("pr", pw),
                line.integer("g", 1),
                line.flag("bias"),
                Activation.parse(line.text("act", "identity")));
    }

    @Override
    public String toString() {
        return line("conv");
    }

    /** The line of a family whose problems are those of a convolution. */
    String line(String family) {
        return new SpecLine.Writer(family)
                .word(direction)
                .flag("bias", bias)
                .put("n", n)
                .put("h", h)
                .put("w", w)
                .put("ic", ic)
                .put("oc", oc)
                .put("kh", kh)
                .put("kw", kw)
                .put("sh", sh)
                .put("sw", sw)
                .put("dh", dh, 1)
                .put("dw", dw, 1)
                .put("ph", ph)
                .put("pw", pw)
                .put("pb", pb, ph)
                .put("pr", pr, pw)
                .put("g", groups, 1)
                .put("act", activation, Activation.IDENTITY)
                .toString();
    }
}
