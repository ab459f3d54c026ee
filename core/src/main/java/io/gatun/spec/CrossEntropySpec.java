package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * Softmax cross-entropy in one kernel, as PyTorch's {@code cross_entropy} defines it. Each row has a weight u_c for each
 * class; its loss is −Σ u_c log softmax(logits)_c, and with {@code gradient} diffLogits = (softmax Σu − u) / divisor.
 *
 * <p>With the weights w of the classes (1 if there are none) and s = smoothing, a class y as the target gives
 * u = (1 − s) w_y onehot(y) + s w / cols, and probabilities t give u = w ((1 − s) t + s / cols). The divisor of a mean is
 * the sum of w_y over the counted rows, or how many rows there are for probabilities; else it is 1.
 *
 * <p>Rows whose target is {@code ignoreIndex} count for nothing; with no counted row a mean is NaN, as in PyTorch.
 * A target outside 0 … cols-1 throws {@link IndexOutOfBoundsException} naming the row.
 *
 * <p>Operands: logits, targets (i32, one a row, or f32 probabilities like the logits), [weights], loss (one number; for
 * {@link Reduction#NONE} one a row), [diffLogits].
 *
 * @param probabilities whether the targets are probabilities of all classes
 * @param logProbabilities whether the logits are log-probabilities already: the negative log-likelihood u_y (−logits_y)
 * @param smoothing what all classes share, 0 to 1
 */
public record CrossEntropySpec(
        long rows,
        int cols,
        int ignoreIndex,
        boolean probabilities,
        boolean logProbabilities,
        boolean weighted,
        float smoothing,
        Reduction reduction,
        boolean gradient)
        implements Spec {
    private static final int IGNORE_INDEX = -100;

    public CrossEntropySpec {
        Checks.notNegative("crossentropy", "rows", rows);
        Checks.positive("crossentropy", "cols", cols);
        Checks.product("crossentropy", rows, cols);
        float smooth = smoothing;
        Checks.require(
                smoothing >= 0 && smoothing <= 1, () -> "crossentropy: smoothing=" + smooth + " is not within 0 and 1");
        Checks.require(
                !logProbabilities || !probabilities && smoothing == 0,
                () -> "crossentropy: log_probabilities take classes as targets, and no smoothing");
        Checks.require(
                reduction != Reduction.BATCH_MEAN,
                () -> "crossentropy: rows have no other mean than that over their weights; use mean");
    }

    /** The mean over classes, ignoring -100 as PyTorch does. */
    public static CrossEntropySpec of(long rows, int cols, boolean gradient) {
        return new CrossEntropySpec(rows, cols, IGNORE_INDEX, false, false, false, 0, Reduction.MEAN, gradient);
    }

    public CrossEntropySpec withIgnoreIndex(int index) {
        return new CrossEntropySpec(
                rows, cols, index, probabilities, logProbabilities, weighted, smoothing, reduction, gradient);
    }

    /** The same with a weight for each class. */
    public CrossEntropySpec withWeights() {
        return new CrossEntropySpec(
                rows, cols, ignoreIndex, probabilities, logProbabilities, true, smoothing, reduction, gradient);
    }

    public CrossEntropySpec withSmoothing(float share) {
        return new CrossEntropySpec(
                rows, cols, ignoreIndex, probabilities, logProbabilities, weighted, share, reduction, gradient);
    }

    public CrossEntropySpec with(Reduction wanted) {
        return new CrossEntropySpec(
                rows, cols, ignoreIndex, probabilities, logProbabilities, weighted, smoothing, wanted, gradient);
    }

    /** The same with probabilities as targets. */
    public CrossEntropySpec withProbabilities() {
        return new CrossEntropySpec(
                rows, cols, ignoreIndex, true, logProbabilities, weighted, smoothing, reduction, gradient);
    }

    /** The same of log-probabilities, which need no softmax. */
    public CrossEntropySpec ofLogProbabilities() {
        return new CrossEntropySpec(
                rows, cols, ignoreIndex, probabilities, true, weighted, smoothing, reduction, gradient);
    }

    /** Place of the loss in {@link #operands}; the gradient is behind it. */
    public int lossOperand() {
        return weighted ? 3 : 2;
    }

    @Override
    public List<Operand> operands() {
        long all = rows * cols;
        Operand logits = Operand.read("logits", DType.F32, all);
        Operand targets =
                probabilities ? Operand.read("targets", DType.F32, all) : Operand.read("targets", DType.I32, rows);
        Operand weights = Operand.read("weights", DType.F32, cols);
        Operand loss = Operand.write("loss", DType.F32, reduction == Reduction.NONE ? rows : 1);
        Operand diff = Operand.write("diffLogits", DType.F32, all);
        if (weighted) {
            return gradient ? List.of(logits, targets, weights, loss, diff) : List.of(logits, targets, weights, loss);
        }
        return gradient ? List.of(logits, targets, loss, diff) : List.of(logits, targets, loss);
    }

    @Override
    public double flops() {
        return 0;
    }

    static CrossEntropySpec parse(SpecLine line) {
        return new CrossEntropySpec(
                line.count("rows"),
                line.integer("cols"),
                line.integer("ignore", IGNORE_INDEX),
                line.flag("probabilities"),
                line.flag("log_probabilities"),
                line.flag("weighted"),
                line.real("smoothing", 0),
                line.word(Reduction.class, Reduction.MEAN),
                line.flag("gradient"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("crossentropy")
                .flag(SpecLine.lower(reduction), reduction != Reduction.MEAN)
                .flag("probabilities", probabilities)
                .flag("log_probabilities", logProbabilities)
                .flag("weighted", weighted)
                .flag("gradient", gradient)
                .put("rows", rows)
                .put("cols", cols)
                .put("ignore", ignoreIndex, IGNORE_INDEX)
                .put("smoothing", smoothing, 0f)
                .toString();
    }
}
