package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Softmax cross-entropy with integer targets in one kernel: loss = mean over the counted rows of
 * −log softmax(logits)[target], and with {@code gradient} diffLogits = (softmax − onehot) / counted rows.
 *
 * <p>Rows whose target is {@code ignoreIndex} count for nothing; with no counted row the loss is NaN, as in PyTorch.
 * A target outside 0 … cols-1 throws {@link IndexOutOfBoundsException} naming the row.
 *
 * <p>Operands: logits, targets (i32, one a row), loss (one number), [diffLogits].
 */
public record CrossEntropySpec(long rows, int cols, int ignoreIndex, boolean gradient) implements Spec {
    public CrossEntropySpec {
        Checks.notNegative("crossentropy", "rows", rows);
        Checks.positive("crossentropy", "cols", cols);
        Checks.product("crossentropy", rows, cols);
    }

    /** With PyTorch's ignore index, -100. */
    public static CrossEntropySpec of(long rows, int cols, boolean gradient) {
        return new CrossEntropySpec(rows, cols, -100, gradient);
    }

    @Override
    public List<Operand> operands() {
        long all = rows * cols;
        Operand logits = Operand.read("logits", DType.F32, all);
        Operand targets = Operand.read("targets", DType.I32, rows);
        Operand loss = Operand.write("loss", DType.F32, 1);
        return gradient
                ? List.of(logits, targets, loss, Operand.write("diffLogits", DType.F32, all))
                : List.of(logits, targets, loss);
    }

    @Override
    public double flops() {
        return 0;
    }

    static CrossEntropySpec parse(SpecLine line) {
        return new CrossEntropySpec(
                line.count("rows"), line.integer("cols"), line.integer("ignore", -100), line.flag("gradient"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("crossentropy")
                .flag("gradient", gradient)
                .put("rows", rows)
                .put("cols", cols)
                .put("ignore", ignoreIndex, -100)
                .toString();
    }
}
