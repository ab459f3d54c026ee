package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Group normalization of {@code n} samples of {@code hw} pixels with {@code c} channels, NHWC: of each sample each of
 * {@code groups} groups of neighbouring channels is normalised by its own mean and biased variance over all pixels, dst =
 * γ (src − mean) / sqrt(var + eps) + β with γ and β for each channel.
 *
 * <p>One group of one pixel is layer normalization ({@link #layer}), a group for each channel instance normalization.
 *
 * <p>Operands training: src, [gamma, beta], dst, mean, invStd; inference: src, [gamma, beta], dst; backward: src, diffDst,
 * [gamma], mean, invStd, diffSrc, [diffGamma, diffBeta]. mean and invStd hold n x groups.
 *
 * @param affine whether there are gamma and beta; else they are 1 and 0
 */
public record GroupNormSpec(Pass pass, long n, long hw, int c, int groups, float eps, boolean affine) implements Spec {

    public GroupNormSpec {
        Checks.notNegative("groupnorm", "n", n);
        Checks.positive("groupnorm", "hw", hw);
        Checks.positive("groupnorm", "c", c);
        Checks.positive("groupnorm", "g", groups);
        Checks.product("groupnorm", Math.max(1, n), hw, c);
        Checks.require(c % groups == 0, () -> "groupnorm: c=" + c + " is not divisible by g=" + groups);
        Checks.require(eps > 0 && Float.isFinite(eps), () -> "groupnorm: eps=" + eps + " is not positive");
    }

    /** Layer normalization of {@code rows} rows, each by its own statistics, with γ and β for each column if affine. */
    public static GroupNormSpec layer(Pass pass, long rows, int cols, float eps, boolean affine) {
        return new GroupNormSpec(pass, rows, 1, cols, 1, eps, affine);
    }

    public GroupNormSpec with(Pass newPass) {
        return new GroupNormSpec(newPass, n, hw, c, groups, eps, affine);
    }

    /** Whether each sample is one row with one mean: layer normalization. */
    public boolean rows() {
        return hw == 1 && groups == 1;
    }

    @Override
    public List<Operand> operands() {
        long all = n * hw * c;
        long statistics = n * groups;
        boolean backward = pass == Pass.BACKWARD;
        List<Operand> operands = new ArrayList<>(8);
        operands.add(Operand.read("src", DType.F32, all));
        if (backward) {
            operands.add(Operand.read("diffDst", DType.F32, all));
        }
        if (affine) {
            operands.add(Operand.read("gamma", DType.F32, c));
            if (!backward) {
                operands.add(Operand.read("beta", DType.F32, c));
            }
        }
        if (backward) {
            operands.add(Operand.read("mean", DType.F32, statistics));
            operands.add(Operand.read("invStd", DType.F32, statistics));
            operands.add(Operand.write("diffSrc", DType.F32, all));
            if (affine) {
                operands.add(Operand.write("diffGamma", DType.F32, c));
                operands.add(Operand.write("diffBeta", DType.F32, c));
            }
            return List.copyOf(operands);
        }
        operands.add(Operand.write("dst", DType.F32, all));
        if (pass == Pass.TRAINING) {
            operands.add(Operand.write("mean", DType.F32, statistics));
            operands.add(Operand.write("invStd", DType.F32, statistics));
        }
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        return 0;
    }

    static GroupNormSpec parse(SpecLine line) {
        return new GroupNormSpec(
                line.word(Pass.class, Pass.TRAINING),
                line.count("n"),
                line.count("hw", 1),
                line.integer("c"),
                line.integer("g", 1),
                line.real("eps", 1e-5f),
                line.flag("affine"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("groupnorm")
                .word(pass)
                .flag("affine", affine)
                .put("n", n)
                .put("hw", hw, 1L)
                .put("c", c)
                .put("g", groups, 1)
                .put("eps", eps, 1e-5f)
                .toString();
    }
}
