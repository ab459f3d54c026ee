package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Softmax or log-softmax of each row. Forward subtracts the row's maximum first; backward of softmax is
 * y (g − Σ g y), of log-softmax g − exp(y) Σ g. A row with a NaN is NaN; a row of -Inf is NaN, as in PyTorch.
 *
 * <p>Operands forward: src, dst. Backward: dst, diffDst, diffSrc.
 */
public record SoftmaxSpec(Direction direction, Op op, long rows, int cols) implements Spec {
    public enum Op {
        SOFTMAX,
        LOG_SOFTMAX
    }

    public SoftmaxSpec {
        Checks.notNegative("softmax", "rows", rows);
        Checks.notNegative("softmax", "cols", cols);
        Checks.product("softmax", rows, cols);
    }

    public SoftmaxSpec with(Direction newDirection) {
        return new SoftmaxSpec(newDirection, op, rows, cols);
    }

    @Override
    public List<Operand> operands() {
        long all = rows * cols;
        return direction == Direction.FORWARD
                ? List.of(Operand.read("src", DType.F32, all), Operand.write("dst", DType.F32, all))
                : List.of(
                        Operand.read("dst", DType.F32, all),
                        Operand.read("diffDst", DType.F32, all),
                        Operand.write("diffSrc", DType.F32, all));
    }

    @Override
    public double flops() {
        return 0;
    }

    static SoftmaxSpec parse(SpecLine line) {
        return new SoftmaxSpec(
                line.word(Direction.class, Direction.FORWARD),
                line.word(Op.class, Op.SOFTMAX),
                line.count("rows"),
                line.integer("cols"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("softmax")
                .word(direction)
                .word(op)
                .put("rows", rows)
                .put("cols", cols)
                .toString();
    }
}
