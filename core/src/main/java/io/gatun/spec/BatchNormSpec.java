package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Batch normalization over the rows (N·H·W) of each of {@code c} channels, with an optional residual add and ReLU in
 * the same pass: dst = relu(γ (src − mean) / sqrt(var + eps) + β + residual).
 *
 * <p>Training normalises with the biased batch variance and moves the running statistics as PyTorch does:
 * running ← (1 − momentum) running + momentum batch, with the unbiased variance; one row alone is refused.
 *
 * <p>Operands training: src, [residual], gamma, beta, runningMean, runningVar, dst, mean, invStd. Inference: src,
 * [residual], gamma, beta, runningMean, runningVar, dst. Backward: src, [dst if relu], diffDst, gamma, mean, invStd,
 * diffSrc, [diffResidual], diffGamma, diffBeta.
 */
public record BatchNormSpec(Pass pass, long rows, int c, float eps, float momentum, boolean residual, boolean relu)
        implements Spec {

    public BatchNormSpec {
        Checks.notNegative("batchnorm", "rows", rows);
        Checks.positive("batchnorm", "c", c);
        Checks.product("batchnorm", rows, c);
        Checks.require(eps > 0 && Float.isFinite(eps), () -> "batchnorm: eps=" + eps + " is not positive");
        Checks.require(
                momentum >= 0 && momentum <= 1, () -> "batchnorm: momentum=" + momentum + " is not within 0 and 1");
        Checks.require(
                pass == Pass.INFERENCE || rows > 1,
                () -> "batchnorm: training needs more than one value a channel, got rows=" + rows);
    }

    /** Training with PyTorch's eps 1e-5 and momentum 0.1. */
    public static BatchNormSpec training(long rows, int c, boolean residual, boolean relu) {
        return new BatchNormSpec(Pass.TRAINING, rows, c, 1e-5f, 0.1f, residual, relu);
    }

    public BatchNormSpec with(Pass newPass) {
        return new BatchNormSpec(newPass, rows, c, eps, momentum, residual, relu);
    }

    @Override
    public List<Operand> operands() {
        long all = rows * c;
        List<Operand> operands = new ArrayList<>(10);
        operands.add(Operand.read("src", DType.F32, all));
        if (pass == Pass.BACKWARD) {
            if (relu) {
                operands.add(Operand.read("dst", DType.F32, all));
            }
            operands.add(Operand.read("diffDst", DType.F32, all));
            operands.add(Operand.read("gamma", DType.F32, c));
            operands.add(Operand.read("mean", DType.F32, c));
            operands.add(Operand.read("invStd", DType.F32, c));
            operands.add(Operand.write("diffSrc", DType.F32, all));
            if (residual) {
                operands.add(Operand.write("diffResidual", DType.F32, all));
            }
            operands.add(Operand.write("diffGamma", DType.F32, c));
            operands.add(Operand.write("diffBeta", DType.F32, c));
            return List.copyOf(operands);
        }
        boolean training = pass == Pass.TRAINING;
        if (residual) {
            operands.add(Operand.read("residual", DType.F32, all));
        }
        operands.add(Operand.read("gamma", DType.F32, c));
        operands.add(Operand.read("beta", DType.F32, c));
        operands.add(
                training ? Operand.update("runningMean", DType.F32, c) : Operand.read("runningMean", DType.F32, c));
        operands.add(training ? Operand.update("runningVar", DType.F32, c) : Operand.read("runningVar", DType.F32, c));
        operands.add(Operand.write("dst", DType.F32, all));
        if (training) {
            operands.add(Operand.write("mean", DType.F32, c));
            operands.add(Operand.write("invStd", DType.F32, c));
        }
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        return 0;
    }

    /** Statistics come first: src in training; src and diffDst backward, for where the ReLU was open is a bit. */
    @Override
    public double bytesAgain() {
        double all = 4.0 * rows * c;
        return switch (pass) {
            case TRAINING -> all;
            case BACKWARD -> 2 * all;
            case INFERENCE -> 0;
        };
    }

    static BatchNormSpec parse(SpecLine line) {
        return new BatchNormSpec(
                line.word(Pass.class, Pass.TRAINING),
                line.count("rows"),
                line.integer("c"),
                line.real("eps", 1e-5f),
                line.real("momentum", 0.1f),
                line.flag("residual"),
                line.flag("relu"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("batchnorm")
                .word(pass)
                .flag("residual", residual)
                .flag("relu", relu)
                .put("rows", rows)
                .put("c", c)
                .put("eps", eps, 1e-5f)
                .put("momentum", momentum, 0.1f)
                .toString();
    }
}
