package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.List;

/**
 * A loss of each element of (prediction, target) and their sum, with {@code gradient} also its gradient by the prediction:
 * diffPrediction = l'(x, t) / divisor, where the divisor is 1 unless the reduction is a mean. A mean of nothing is NaN.
 *
 * <p>Numbers beyond the largest float are infinite: e = x - t, e^x, and the sum of 1024 losses, even where the mean is not.
 *
 * <p>Operands: prediction, target, [weights, one a column], loss (one number; for {@link Reduction#NONE} one an element),
 * [diffPrediction].
 *
 * @param rows of the batch: what {@link Reduction#BATCH_MEAN} divides by
 * @param cols elements of a row
 * @param parameter what the kind says; 0 where it has none
 * @param second what the kind says; 0 where it has none
 * @param weighted whether positive targets of each column have a weight; {@link Kind#BCE_WITH_LOGITS} only
 */
public record LossSpec(
        Kind kind,
        Reduction reduction,
        long rows,
        long cols,
        float parameter,
        float second,
        boolean weighted,
        boolean gradient)
        implements Spec {

    /** l(x, t) of a prediction x and a target t; e = x - t. */
    public enum Kind {
        /** e². */
        MSE,
        /** |e|, with derivative 0 at 0. */
        L1,
        /** e² / 2β where |e| is below the parameter β, else |e| - β/2. */
        SMOOTH_L1,
        /** e² / 2 up to the parameter δ, beyond δ (|e| - δ/2). */
        HUBER,
        /** τ of -e below the target, 1 - τ of e above, the parameter τ within 0 and 1; at 0 the slopes' mean. */
        QUANTILE,
        /** (ln(1 + x) - ln(1 + t))². */
        MSLE,
        /** -(t ln x + (1 - t) ln(1 - x)), logarithms not below -100; derivative (x - t) / max(x (1 - x), 1e-12). */
        BCE,
        /** (1 - t) ln(1 + e^x) + w t ln(1 + e^-x), with the column's weight w. */
        BCE_WITH_LOGITS,
        /** a m^γ times {@link #BCE_WITH_LOGITS}, m = σ(x) (1 - t) + σ(-x) t; parameter γ, a = α t + (1 - α)(1 - t) by the second, 1 if that is -1. */
        FOCAL,
        /** ln(1 + e^(-t x)), t being -1 or 1. */
        SOFT_MARGIN,
        /** max(0, margin - t x), t being -1 or 1; the parameter is the margin, where the derivative is 0. */
        HINGE,
        /** e^x - t x. */
        POISSON_NLL,
        /** x - t ln(x + eps); the parameter is eps. */
        POISSON_NLL_RATE,
        /** t (ln t - x), x a logarithm; 0 where t is 0. */
        KL_DIV,
        /** e^t (t - x), both logarithms; 0 where t is -Inf. */
        KL_DIV_LOG
    }

    public LossSpec {
        Checks.notNegative("loss", "rows", rows);
        Checks.notNegative("loss", "cols", cols);
        Checks.product("loss", rows, cols);
        Checks.finite("loss", "a", parameter);
        Checks.finite("loss", "b", second);
        String wrong =
                switch (kind) {
                    case SMOOTH_L1 -> parameter > 0 ? null : "beta, must be above 0";
                    case HUBER -> parameter > 0 ? null : "delta, must be above 0";
                    case QUANTILE -> parameter > 0 && parameter < 1 ? null : "tau, must be between 0 and 1";
                    case FOCAL ->
                        parameter >= 0 && (second == -1 || second >= 0 && second <= 1)
                                ? null
                                : "gamma, must be at least 0, and b, alpha, from 0 to 1, or -1 for none";
                    case POISSON_NLL_RATE -> parameter >= 0 ? null : "eps, must be at least 0";
                    case HINGE -> null;
                    default -> parameter == 0 && second == 0 ? null : "and b must be 0";
                };
        Checks.require(
                wrong == null,
                () -> "loss: " + SpecLine.lower(kind) + " takes no a=" + parameter + " b=" + second + "; a, " + wrong);
        Checks.require(
                !weighted || kind == Kind.BCE_WITH_LOGITS,
                () -> "loss: " + SpecLine.lower(kind) + " has no weights of columns; only bce_with_logits has");
    }

    /** One row, with the kind's default parameter: 1 of {@link Kind#SMOOTH_L1}, {@link Kind#HUBER} and {@link Kind#HINGE}. */
    public static LossSpec of(Kind kind, Reduction reduction, long count, boolean gradient) {
        float parameter =
                switch (kind) {
                    case SMOOTH_L1, HUBER, HINGE -> 1;
                    case QUANTILE -> 0.5f;
                    case FOCAL -> 2;
                    case POISSON_NLL_RATE -> 1e-8f;
                    default -> 0;
                };
        return new LossSpec(kind, reduction, 1, count, parameter, kind == Kind.FOCAL ? 0.25f : 0, false, gradient);
    }

    public long count() {
        return rows * cols;
    }

    /** What the sum of the losses is divided by. */
    public long divisor() {
        return switch (reduction) {
            case NONE, SUM -> 1;
            case MEAN -> count();
            case BATCH_MEAN -> rows;
        };
    }

    @Override
    public List<Operand> operands() {
        Operand prediction = Operand.read("prediction", DType.F32, count());
        Operand target = Operand.read("target", DType.F32, count());
        Operand weights = Operand.read("weights", DType.F32, cols);
        Operand loss = Operand.write("loss", DType.F32, reduction == Reduction.NONE ? count() : 1);
        Operand diff = Operand.write("diffPrediction", DType.F32, count());
        if (weighted) {
            return gradient
                    ? List.of(prediction, target, weights, loss, diff)
                    : List.of(prediction, target, weights, loss);
        }
        return gradient ? List.of(prediction, target, loss, diff) : List.of(prediction, target, loss);
    }

    /** Place of the loss in {@link #operands}; the gradient is behind it. */
    public int lossOperand() {
        return weighted ? 3 : 2;
    }

    @Override
    public double flops() {
        return 0;
    }

    static LossSpec parse(SpecLine line) {
        return new LossSpec(
                line.word(Kind.class, null),
                line.word(Reduction.class, Reduction.MEAN),
                line.count("rows", 1),
                line.count("cols"),
                line.real("a", 0),
                line.real("b", 0),
                line.flag("weighted"),
                line.flag("gradient"));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("loss")
                .word(kind)
                .word(reduction)
                .flag("weighted", weighted)
                .flag("gradient", gradient)
                .put("rows", rows, 1L)
                .put("cols", cols)
                .put("a", parameter, 0f)
                .put("b", second, 0f)
                .toString();
    }
}
