package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst = srcᵖ in double, rounded once, as {@link Math#pow}; backward diffSrc = diffDst · p srcᵖ⁻¹, and zeros times diffDst for p =
 * 0. Squares and roots are activations.
 *
 * <p>Operands forward: src, dst. Backward: src, diffDst, diffSrc.
 *
 * @param exponent p, finite
 */
public record PowerSpec(Direction direction, float exponent, long count) implements Spec {
    public PowerSpec {
        Checks.finite("power", "exponent", exponent);
        Checks.notNegative("power", "count", count);
        Checks.product("power", count);
    }

    public PowerSpec with(Direction newDirection) {
        return new PowerSpec(newDirection, exponent, count);
    }

    @Override
    public List<Operand> operands() {
        Operand src = Operand.read("src", DType.F32, count);
        return direction == Direction.FORWARD
                ? List.of(src, Operand.write("dst", DType.F32, count))
                : List.of(src, Operand.read("diffDst", DType.F32, count), Operand.write("diffSrc", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static PowerSpec parse(SpecLine line) {
        return new PowerSpec(
                line.word(Direction.class, Direction.FORWARD), line.real("exponent", 1), line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("power")
                .word(direction)
                .put("exponent", exponent)
                .put("count", count)
                .toString();
    }
}
