package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.LossSpec;
import io.gatun.spec.Reduction;

/**
 * All kinds by one kernel, 12 bytes an element with the gradient, and a second launch for the sum; the reference's
 * bits.
 */
public final class Losses {
    /** Elements of a block, whose losses are added in float as the reference adds them. */
    static final int BLOCK = 1_024;

    static final int THREADS = 256;

    private Losses() {}

    public static Offer offer(CudaContext context, LossSpec spec) {
        boolean each = spec.reduction() == Reduction.NONE;
        long blocks = Math.ceilDiv(spec.count(), BLOCK);
        Arg loss = Arg.operand(spec.lossOperand());
        Recipe recipe = Recipe.of(context, "loss", "cuda:loss").scratch(each ? 0 : 4 * blocks);
        if (blocks > 0) {
            recipe.launch(
                    "gatun_loss_f32",
                    Grid.blocks(blocks, THREADS),
                    Arg.operand(0),
                    Arg.operand(1),
                    spec.weighted() ? Arg.operand(2) : Arg.none(),
                    each ? loss : Arg.none(),
                    each ? Arg.none() : Arg.scratch(0),
                    spec.gradient() ? Arg.operand(spec.lossOperand() + 1) : Arg.none(),
                    Arg.i64(spec.count()),
                    Arg.i64(spec.cols()),
                    Arg.i32(spec.kind().ordinal()),
                    Arg.f32(spec.parameter()),
                    Arg.f32(spec.second()),
                    Arg.f32(1f / spec.divisor()));
        }
        if (!each) {
            sum(recipe, loss, blocks, spec.divisor());
        }
        return Offer.of(recipe.build());
    }

    /** The blocks' sums in scratch over the divisor. */
    static void sum(Recipe recipe, Arg value, long blocks, long divisor) {
        recipe.launch(
                "gatun_loss_sum_f32",
                Grid.blocks(1, THREADS),
                blocks > 0 ? Arg.scratch(0) : Arg.none(),
                value,
                Arg.i64(blocks),
                Arg.i64(divisor));
    }
}
