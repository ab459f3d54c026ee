package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * A penalty of weights w and its gradient, added to what is there: value = l1 Σ|w| + l2 Σw² and
 * diffWeights += l1 sign(w) + 2 l2 w, with sign(0) = 0.
 *
 * <p>Operands: weights, diffWeights, value (one number).
 *
 * @param l1 factor of Σ|w|, at least 0
 * @param l2 factor of Σw², at least 0: half of what PyTorch's {@code weight_decay} is
 */
public record PenaltySpec(long count, float l1, float l2) implements Spec {
    public PenaltySpec {
        Checks.notNegative("penalty", "count", count);
        Checks.product("penalty", count);
        Checks.finite("penalty", "l1", l1);
        Checks.finite("penalty", "l2", l2);
        Checks.require(l1 >= 0 && l2 >= 0, () -> "penalty: l1=" + l1 + " and l2=" + l2 + " must not be negative");
    }

    @Override
    public List<Operand> operands() {
        return List.of(
                Operand.read("weights", DType.F32, count),
                Operand.update("diffWeights", DType.F32, count),
                Operand.write("value", DType.F32, 1));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PenaltySpec parse(SpecLine line) {
        return new PenaltySpec(line.count("count"), line.real("l1", 0), line.real("l2", 0));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("penalty")
                .put("count", count)
                .put("l1", l1, 0f)
                .put("l2", l2, 0f)
                .toString();
    }
}
