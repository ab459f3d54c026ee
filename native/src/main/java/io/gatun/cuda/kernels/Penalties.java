package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.PenaltySpec;

/** 12 bytes a weight, and a second launch for the sum; the bits of the reference. */
public final class Penalties {
    private Penalties() {}

    public static Offer offer(CudaContext context, PenaltySpec spec) {
        long blocks = Math.ceilDiv(spec.count(), Losses.BLOCK);
        Recipe recipe = Recipe.of(context, "loss", "cuda:penalty").scratch(4 * blocks);
        if (blocks > 0) {
            recipe.launch(
                    "gatun_penalty_f32",
                    Grid.blocks(blocks, Losses.THREADS),
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.scratch(0),
                    Arg.i64(spec.count()),
                    Arg.f32(spec.l1()),
                    Arg.f32(spec.l2()));
        }
        Losses.sum(recipe, Arg.operand(2), blocks, 1);
        return Offer.of(recipe.build());
    }
}
