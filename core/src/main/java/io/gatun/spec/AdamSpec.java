package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One Adam step over a flat buffer, one pass, by PyTorch's rules (Kingma and Ba 2015; decoupled decay, which makes it
 * AdamW: Loshchilov and Hutter 2019; AMSGrad: Reddi et al. 2018): g = gradScale · grad, within ±clip; for the first
 * {@code decayed} elements p −= lr · weightDecay · p if decoupled, else g += weightDecay · p; m = β1 m + (1 − β1) g;
 * v = β2 v + (1 − β2) g²; w = v, with AMSGrad the largest v so far; p −= lr / c1 · m / (sqrt(w) / sqrt(c2) + eps), with
 * c1 = 1 − β1^t and c2 = 1 − β2^t.
 *
 * <p>Operands: params (updated), grads, m (updated), v (updated), [vMax (updated) if amsgrad], hyper (f32: lr, gradScale,
 * lr / c1, 1 / sqrt(c2)). Its line is {@code adamw f32 …} where decay is decoupled, else {@code adam f32 …}.
 *
 * @param decayed how many leading elements weight decay applies to; biases and norms stand behind them
 * @param clip the largest magnitude of a gradient, infinity for any
 */
public record AdamSpec(
        long count,
        long decayed,
        float beta1,
        float beta2,
        float eps,
        float weightDecay,
        boolean decoupled,
        boolean amsgrad,
        float clip)
        implements Spec {

    public AdamSpec {
        String family = decoupled ? "adamw" : "adam";
        Checks.flat(family, count, decayed, weightDecay, clip);
        Checks.require(beta1 >= 0 && beta1 < 1, () -> family + ": beta1=" + beta1 + " is not within 0 and 1");
        Checks.require(beta2 >= 0 && beta2 < 1, () -> family + ": beta2=" + beta2 + " is not within 0 and 1");
        Checks.require(eps >= 0 && Float.isFinite(eps), () -> family + ": eps=" + eps + " is negative");
    }

    /** PyTorch's defaults for AdamW: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01 on all. */
    public static AdamSpec adamW(long count) {
        return new AdamSpec(count, count, 0.9f, 0.999f, 1e-8f, 0.01f, true, false, Float.POSITIVE_INFINITY);
    }

    /** PyTorch's defaults for Adam: betas 0.9 and 0.999, eps 1e-8, no decay. */
    public static AdamSpec adam(long count) {
        return new AdamSpec(count, count, 0.9f, 0.999f, 1e-8f, 0, false, false, Float.POSITIVE_INFINITY);
    }

    @Override
    public List<Operand> operands() {
        Operand params = Operand.update("params", DType.F32, count);
        Operand grads = Operand.read("grads", DType.F32, count);
        Operand m = Operand.update("m", DType.F32, count);
        Operand v = Operand.update("v", DType.F32, count);
        Operand hyper = Operand.read("hyper", DType.F32, 4);
        return amsgrad
                ? List.of(params, grads, m, v, Operand.update("vMax", DType.F32, count), hyper)
                : List.of(params, grads, m, v, hyper);
    }

    @Override
    public double flops() {
        return 0;
    }

    static AdamSpec parse(SpecLine line) {
        long count = line.count("count");
        boolean decoupled = line.family().equals("adamw");
        return new AdamSpec(
                count,
                line.count("decayed", count),
                line.real("beta1", 0.9f),
                line.real("beta2", 0.999f),
                line.real("eps", 1e-8f),
                line.real("decay", usualDecay(decoupled)),
                decoupled,
                line.flag("amsgrad"),
                line.real("clip", Float.POSITIVE_INFINITY));
    }

    private static float usualDecay(boolean decoupled) {
        return decoupled ? 0.01f : 0;
    }

    @Override
    public String toString() {
        return new SpecLine.Writer(decoupled ? "adamw" : "adam")
                .flag("amsgrad", amsgrad)
                .put("count", count)
                .put("decayed", decayed, count)
                .put("beta1", beta1, 0.9f)
                .put("beta2", beta2, 0.999f)
                .put("eps", eps, 1e-8f)
                .put("decay", weightDecay, usualDecay(decoupled))
                .put("clip", clip, Float.POSITIVE_INFINITY)
                .toString();
    }
}
