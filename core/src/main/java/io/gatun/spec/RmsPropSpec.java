package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * One RMSProp step over a flat buffer, one pass, by PyTorch's rule (Hinton's lecture 6e; centered: Graves 2013):
 * g = gradScale · grad, within ±clip (+ weightDecay · p for the first {@code decayed} elements);
 * square = α square + (1 − α) g²; s = square, if centered mean = α mean + (1 − α) g and s = max(square − mean², 0);
 * d = g / (sqrt(s) + eps), with {@code inside} g / sqrt(s + eps) as in Keras; with momentum
 * buffer = momentum · buffer + d and d = buffer; p −= lr · d.
 *
 * <p>Rounding can make square − mean² negative where the gradient hardly changes; PyTorch's root is NaN there, this one 0.
 *
 * <p>Operands: params (updated), grads, square (updated), [mean (updated) if centered], [momentumBuffer (updated) if
 * momentum &gt; 0], hyper (f32: lr, gradScale, 0, 0).
 *
 * @param decayed how many leading elements weight decay applies to; biases and norms stand behind them
 * @param inside whether eps is added under the root
 * @param clip the largest magnitude of a gradient, infinity for any
 */
public record RmsPropSpec(
        long count,
        long decayed,
        float alpha,
        float eps,
        float momentum,
        float weightDecay,
        boolean centered,
        boolean inside,
        float clip)
        implements Spec {

    public RmsPropSpec {
        Checks.flat("rmsprop", count, decayed, weightDecay, clip);
        Checks.require(alpha >= 0 && alpha < 1, () -> "rmsprop: alpha=" + alpha + " is not within 0 and 1");
        Checks.require(eps >= 0 && Float.isFinite(eps), () -> "rmsprop: eps=" + eps + " is negative");
        Checks.require(
                momentum >= 0 && Float.isFinite(momentum), () -> "rmsprop: momentum=" + momentum + " is negative");
    }

    @Override
    public List<Operand> operands() {
        List<Operand> operands = new ArrayList<>();
        operands.add(Operand.update("params", DType.F32, count));
        operands.add(Operand.read("grads", DType.F32, count));
        operands.add(Operand.update("square", DType.F32, count));
        if (centered) {
            operands.add(Operand.update("mean", DType.F32, count));
        }
        if (momentum > 0) {
            operands.add(Operand.update("momentumBuffer", DType.F32, count));
        }
        operands.add(Operand.read("hyper", DType.F32, 4));
        return operands;
    }

    @Override
    public double flops() {
        return 0;
    }

    static RmsPropSpec parse(SpecLine line) {
        long count = line.count("count");
        return new RmsPropSpec(
                count,
                line.count("decayed", count),
                line.real("alpha", 0.99f),
                line.real("eps", 1e-8f),
                line.real("momentum", 0),
                line.real("decay", 0),
                line.flag("centered"),
                line.flag("inside"),
                line.real("clip", Float.POSITIVE_INFINITY));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("rmsprop")
                .flag("centered", centered)
                .flag("inside", inside)
                .put("count", count)
                .put("decayed", decayed, count)
                .put("alpha", alpha, 0.99f)
                .put("eps", eps, 1e-8f)
                .put("momentum", momentum, 0f)
                .put("decay", weightDecay, 0f)
                .put("clip", clip, Float.POSITIVE_INFINITY)
                .toString();
    }
}
