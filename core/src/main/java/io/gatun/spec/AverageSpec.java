package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * y += (x − y) · (1 / samples): the average of all x so far, of which this is number {@code samples}. In double, rounded once.
 * For a moving average with a fixed or given weight see {@link LerpSpec}.
 *
 * <p>Operands: x, y (updated), samples (one i64).
 */
public record AverageSpec(long count) implements Spec {
    public AverageSpec {
        Checks.notNegative("average", "count", count);
        Checks.product("average", count);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("x", DType.F32, count),
                Operand.update("y", DType.F32, count),
                Operand.read("samples", DType.I64, 1));
    }

    @Override
    public double flops() {
        return 0;
    }

    static AverageSpec parse(SpecLine line) {
        return new AverageSpec(line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("average").put("count", count).toString();
    }
}
