package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * One SGD step over a flat buffer, one pass, by PyTorch's rule: g = gradScale · grad, within ±clip
 * (+ weightDecay · p for the first {@code decayed} elements); buf = momentum · buf + (1 − dampening) g, on the first step buf = g; g = g + momentum · buf
 * if Nesterov, else buf; p −= lr · g.
 *
 * <p>Operands: params (updated), grads, [momentumBuffer (updated) if momentum &gt; 0], hyper (f32:
 * lr, gradScale, firstStep as 1 or 0, 0).
 *
 * @param decayed how many leading elements weight decay applies to; biases and norms stand behind them
 * @param clip the largest magnitude of a gradient, infinity for any
 */
public record SgdSpec(
        long count, long decayed, float momentum, float dampening, boolean nesterov, float weightDecay, float clip)
        implements Spec {

    public SgdSpec {
        Checks.flat("sgd", count, decayed, weightDecay, clip);
        Checks.require(momentum >= 0 && Float.isFinite(momentum), () -> "sgd: momentum=" + momentum + " is negative");
        Checks.finite("sgd", "dampening", dampening);
        Checks.require(
                !nesterov || (momentum > 0 && dampening == 0),
                () -> "sgd: Nesterov needs momentum > 0 and dampening 0");
    }

    /** With gradients of any magnitude. */
    public SgdSpec(long count, long decayed, float momentum, float dampening, boolean nesterov, float weightDecay) {
        this(count, decayed, momentum, dampening, nesterov, weightDecay, Float.POSITIVE_INFINITY);
    }

    @Override
    public List<Operand> operands() {
        Operand params = Operand.update("params", DType.F32, count);
        Operand grads = Operand.read("grads", DType.F32, count);
        Operand hyper = Operand.read("hyper", DType.F32, 4);
        return momentum > 0
                ? List.of(params, grads, Operand.update("momentumBuffer", DType.F32, count), hyper)
                : List.of(params, grads, hyper);
    }

    @Override
    public double flops() {
        return 0;
    }

    static SgdSpec parse(SpecLine line) {
        long count = line.count("count");
        return new SgdSpec(
                count,
                line.count("decayed", count),
                line.real("momentum", 0),
                line.real("dampening", 0),
                line.flag("nesterov"),
                line.real("decay", 0),
                line.real("clip", Float.POSITIVE_INFINITY));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("sgd")
                .flag("nesterov", nesterov)
                .put("count", count)
                .put("decayed", decayed, count)
                .put("momentum", momentum, 0f)
                .put("dampening", dampening, 0f)
                .put("decay", weightDecay, 0f)
                .put("clip", clip, Float.POSITIVE_INFINITY)
                .toString();
    }
}
