package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * y += weight · (x − y), with the weight in memory: moving averages of weights, whose share of the newest changes.
 *
 * <p>Operands: x, y (updated), weight (one f32).
 */
public record LerpSpec(long count) implements Spec {
    public LerpSpec {
        Checks.notNegative("lerp", "count", count);
        Checks.product("lerp", count);
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("x", DType.F32, count),
                Operand.update("y", DType.F32, count),
                Operand.read("weight", DType.F32, 1));
    }

    @Override
    public double flops() {
        return 0;
    }

    static LerpSpec parse(SpecLine line) {
        return new LerpSpec(line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("lerp").put("count", count).toString();
    }
}
