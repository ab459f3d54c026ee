package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;

/**
 * The divisor of a mean over classes, which each gradient needs, then the rows, then the sum of their losses: three
 * launches, two without the mean, one without a sum.
 */
public final class CrossEntropy {
    private static final int THREADS = 256;

    /** The divisor comes first in scratch, then a loss for each row. */
    private static final int LOSSES = 16;

    private CrossEntropy() {}

    public static Offer offer(CudaContext context, CrossEntropySpec spec) {
        boolean each = spec.reduction() == Reduction.NONE;
        boolean counted = spec.reduction() == Reduction.MEAN && !spec.probabilities();
        Recipe recipe =
                Recipe.of(context, "crossentropy", "cuda:crossentropy").scratch(LOSSES + (each ? 0 : 4 * spec.rows()));
        Arg weights = spec.weighted() ? Arg.operand(2) : Arg.none();
        Arg loss = Arg.operand(spec.lossOperand());
        Arg losses = each ? loss : Arg.scratch(LOSSES);
        Arg divisorAt = counted ? Arg.scratch(0) : Arg.none();
        Arg divisor = Arg.f32(spec.reduction() == Reduction.MEAN ? spec.rows() : 1);
        if (counted) {
            recipe.launch(
                    "gatun_crossentropy_divisor_f32",
                    Grid.blocks(1, THREADS),
                    Arg.operand(1),
                    weights,
                    divisorAt,
                    Arg.i64(spec.rows()),
                    Arg.i32(spec.cols()),
                    Arg.i32(spec.ignoreIndex()));
        }
        if (spec.rows() > 0) {
            rows(recipe, context, spec, weights, losses, divisorAt, divisor);
        }
        if (!each) {
            recipe.launch(
                    "gatun_crossentropy_sum_f32",
                    Grid.blocks(1, THREADS),
                    losses,
                    loss,
                    divisorAt,
                    divisor,
                    Arg.i64(spec.rows()));
        }
        Kernel kernel = recipe.build();
        return Offer.of(kernel);
    }

    private static void rows(
            Recipe recipe,
            CudaContext context,
            CrossEntropySpec spec,
            Arg weights,
            Arg losses,
            Arg divisorAt,
            Arg divisor) {
        RowTeam team = RowTeam.of(spec.rows(), spec.cols());
        int code = context.fault()
                .code(spec + ": the target of row {position} is {value}, neither within 0 and " + (spec.cols() - 1)
                        + " nor the ignored " + spec.ignoreIndex());
        recipe.launch(
                "gatun_crossentropy_" + team.kernels() + "_f32",
                team.grid(),
                Arg.operand(0),
                spec.probabilities() ? Arg.operand(1) : Arg.none(),
                spec.probabilities() ? Arg.none() : Arg.operand(1),
                weights,
                losses,
                spec.gradient() ? Arg.operand(spec.lossOperand() + 1) : Arg.none(),
                divisorAt,
                divisor,
                Arg.i64(spec.rows()),
                Arg.i32(spec.cols()),
                Arg.i32(team.lanes()),
                Arg.i32(spec.logProbabilities() ? 1 : 0),
                Arg.i32(spec.ignoreIndex()),
                Arg.f32((float) (1 - (double) spec.smoothing())),
                Arg.f32((float) ((double) spec.smoothing() / spec.cols())),
                Arg.pointer(context.fault().address()),
                Arg.i32(code));
    }
}
