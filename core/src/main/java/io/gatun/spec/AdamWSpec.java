package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One AdamW step over a flat buffer, one pass, by PyTorch's rule (Loshchilov and Hutter 2019): g = gradScale · grad;
 * p −= lr · weightDecay · p for the first {@code decayed} elements; m = β1 m + (1 − β1) g; v = β2 v + (1 − β2) g²;
 * p −= lr / c1 · m / (sqrt(v) / sqrt(c2) + eps), with c1 = 1 − β1^t and c2 = 1 − β2^t.
 *
 * <p>Operands: params (updated), grads, m (updated), v (updated), hyper (f32: lr, gradScale,
 * lr / c1, 1 / sqrt(c2)).
 *
 * @param decayed how many leading elements weight decay applies to; biases and norms stand behind them
 */
public record AdamWSpec(long count, long decayed, float beta1, float beta2, float eps, float weightDecay)
        implements Spec {

    public AdamWSpec {
        Checks.notNegative("adamw", "count", count);
        Checks.product("adamw", count);
        Checks.require(
                decayed >= 0 && decayed <= count,
                () -> "adamw: decayed=" + decayed + " is not within 0 and count=" + count);
        Checks.require(beta1 >= 0 && beta1 < 1, () -> "adamw: beta1=" + beta1 + " is not within 0 and 1");
        Checks.require(beta2 >= 0 && beta2 < 1, () -> "adamw: beta2=" + beta2 + " is not within 0 and 1");
        Checks.require(eps >= 0 && Float.isFinite(eps), () -> "adamw: eps=" + eps + " is negative");
        Checks.require(
                weightDecay >= 0 && Float.isFinite(weightDecay), () -> "adamw: decay=" + weightDecay + " is negative");
    }

    /** PyTorch's defaults: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01 on all. */
    public static AdamWSpec of(long count) {
        return new AdamWSpec(count, count, 0.9f, 0.999f, 1e-8f, 0.01f);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.update("params", DType.F32, count),
                Operand.read("grads", DType.F32, count),
                Operand.update("m", DType.F32, count),
                Operand.update("v", DType.F32, count),
                Operand.read("hyper", DType.F32, 4));
    }

    @Override
    public double flops() {
        return 0;
    }

    static AdamWSpec parse(SpecLine line) {
        long count = line.count("count");
        return new AdamWSpec(
                count,
                line.count("decayed", count),
                line.real("beta1", 0.9f),
                line.real("beta2", 0.999f),
                line.real("eps", 1e-8f),
                line.real("decay", 0.01f));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("adamw")
                .put("count", count)
                .put("decayed", decayed, count)
                .put("beta1", beta1, 0.9f)
                .put("beta2", beta2, 0.999f)
                .put("eps", eps, 1e-8f)
                .put("decay", weightDecay, 0.01f)
                .toString();
    }
}
