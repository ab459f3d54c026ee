package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * The running statistics of an instance norm after a batch of {@code n} samples of {@code hw} pixels:
 * running = (1 - momentum) running + momentum batch, where batch is the mean over the samples of their means, and of their
 * variances hw / (hw - 1), computed back from 1 / sqrt(var + eps). In double, rounded once.
 *
 * <p>Operands: mean and invStd [n, c], runningMean and runningVar [c], both updated.
 *
 * @param n at least 1
 * @param hw at least 2
 */
public record RunningMomentsSpec(long n, long hw, int c, float momentum, float eps) implements Spec {
    public RunningMomentsSpec {
        Checks.positive("runningmoments", "n", n);
        Checks.require(hw >= 2, () -> "runningmoments: hw=" + hw + " has no variance; it must be 2 at least");
        Checks.notNegative("runningmoments", "c", c);
        Checks.product("runningmoments", n, c);
        Checks.finite("runningmoments", "momentum", momentum);
        Checks.finite("runningmoments", "eps", eps);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("mean", DType.F32, n * c),
                Operand.read("invStd", DType.F32, n * c),
                Operand.update("runningMean", DType.F32, c),
                Operand.update("runningVar", DType.F32, c));
    }

    @Override
    public double flops() {
        return 0;
    }

    static RunningMomentsSpec parse(SpecLine line) {
        return new RunningMomentsSpec(
                line.count("n"),
                line.count("hw"),
                line.integer("c"),
                line.real("momentum", 0.1f),
                line.real("eps", 1e-5f));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("runningmoments")
                .put("n", n)
                .put("hw", hw)
                .put("c", c)
                .put("momentum", momentum)
                .put("eps", eps)
                .toString();
    }
}
