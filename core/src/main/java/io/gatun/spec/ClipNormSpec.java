package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * What scales gradients down to a largest global 2-norm, in an optimizer's numbers: with s = hyper[1], the factor that the
 * optimizer multiplies gradients by, hyper[1] = s · min(1, norm / (s · sqrt(sumOfSquares) + 1e-6)), as
 * torch.nn.utils.clip_grad_norm_. NaN where the sum is NaN. So no host has to read the norm.
 *
 * <p>Operands: sumOfSquares (one number, of the gradients as they are), hyper (four numbers, the first two lr and s).
 *
 * @param norm the largest, positive and finite
 */
public record ClipNormSpec(float norm) implements Spec {
    public ClipNormSpec {
        Checks.require(
                norm > 0 && Float.isFinite(norm), () -> "clipnorm: norm=" + norm + " is not positive and finite");
    }

    @Override
    public List<Operand> operands() {
        return List.of(Operand.read("sumOfSquares", DType.F32, 1), Operand.update("hyper", DType.F32, 4));
    }

    @Override
    public double flops() {
        return 0;
    }

    static ClipNormSpec parse(SpecLine line) {
        return new ClipNormSpec(line.real("norm", 1));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("clipnorm").put("norm", norm).toString();
    }
}
