package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * dst = f(src), or diffSrc = diffDst · f'(src). Backward reads dst in place of src where
 * {@link Activation.Kind#usesOutput}.
 *
 * <p>Operands forward: src, dst. Backward: src (or dst), diffDst, diffSrc.
 */
public record ActivationSpec(Direction direction, Activation activation, long count) implements Spec {
    public ActivationSpec {
        Checks.notNegative("activation", "count", count);
        Checks.product("activation", count);
    }

    @Override
    public List<Operand> operands() {
        if (direction == Direction.FORWARD) {
            return List.of(Operand.read("src", DType.F32, count), Operand.write("dst", DType.F32, count));
        }
        return List.of(
                Operand.read(activation.kind().usesOutput() ? "dst" : "src", DType.F32, count),
                Operand.read("diffDst", DType.F32, count),
                Operand.write("diffSrc", DType.F32, count));
    }

    @Override
    public double flops() {
        return 0;
    }

    static ActivationSpec parse(SpecLine line) {
        return new ActivationSpec(
                line.word(Direction.class, Direction.FORWARD),
                Activation.parse(line.text("act", "relu")),
                line.count("count"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("activation")
                .word(direction)
                .put("act", activation)
                .put("count", count)
                .toString();
    }
}
