package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * y = alpha x + beta y: scaling, accumulating and copying. With beta = 0, y is written without being read.
 *
 * <p>Operands: x, y.
 */
public record AxpbySpec(long count, float alpha, float beta) implements Spec {
    public AxpbySpec {
        Checks.notNegative("axpby", "count", count);
        Checks.product("axpby", count);
        Checks.finite("axpby", "alpha", alpha);
        Checks.finite("axpby", "beta", beta);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("x", DType.F32, count),
                beta == 0 ? Operand.write("y", DType.F32, count) : Operand.update("y", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static AxpbySpec parse(SpecLine line) {
        return new AxpbySpec(line.count("count"), line.real("alpha", 1), line.real("beta", 0));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("axpby")
                .put("count", count)
                .put("alpha", alpha, 1f)
                .put("beta", beta, 0f)
                .toString();
    }
}
