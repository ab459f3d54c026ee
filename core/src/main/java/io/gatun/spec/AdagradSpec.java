package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One AdaGrad step over a flat buffer, one pass, by PyTorch's rule (Duchi, Hazan and Singer 2011): g = gradScale · grad,
 * within ±clip (+ weightDecay · p for the first {@code decayed} elements); sum += g²; p −= lr · g / (sqrt(sum) + eps).
 *
 * <p>Operands: params (updated), grads, sum (updated), hyper (f32: lr, gradScale, 0, 0).
 *
 * @param decayed how many leading elements weight decay applies to; biases and norms stand behind them
 * @param clip the largest magnitude of a gradient, infinity for any
 */
public record AdagradSpec(long count, long decayed, float eps, float weightDecay, float clip) implements Spec {

    public AdagradSpec {
        Checks.flat("adagrad", count, decayed, weightDecay, clip);
        Checks.require(eps >= 0 && Float.isFinite(eps), () -> "adagrad: eps=" + eps + " is negative");
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.update("params", DType.F32, count),
                Operand.read("grads", DType.F32, count),
                Operand.update("sum", DType.F32, count),
                Operand.read("hyper", DType.F32, 4));
    }

    @Override
    public double flops() {
        return 0;
    }

    static AdagradSpec parse(SpecLine line) {
        long count = line.count("count");
        return new AdagradSpec(
                count,
                line.count("decayed", count),
                line.real("eps", 1e-10f),
                line.real("decay", 0),
                line.real("clip", Float.POSITIVE_INFINITY));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("adagrad")
                .put("count", count)
                .put("decayed", decayed, count)
                .put("eps", eps, 1e-10f)
                .put("decay", weightDecay, 0f)
                .put("clip", clip, Float.POSITIVE_INFINITY)
                .toString();
    }
}
