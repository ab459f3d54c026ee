package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst = 1 / sqrt(variance + eps) in double, rounded once: what a backward through a norm with given statistics reads.
 *
 * <p>Operands: variance, dst.
 */
public record InverseDeviationSpec(long count, float eps) implements Spec {
    public InverseDeviationSpec {
        Checks.notNegative("inversedeviation", "count", count);
        Checks.product("inversedeviation", count);
        Checks.finite("inversedeviation", "eps", eps);
    }

    @Override
    public List<Operand> operands() {
        return List.of(Operand.read("variance", DType.F32, count), Operand.write("dst", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static InverseDeviationSpec parse(SpecLine line) {
        return new InverseDeviationSpec(line.count("count"), line.real("eps", 1e-5f));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("inversedeviation")
                .put("count", count)
                .put("eps", eps)
                .toString();
    }
}
