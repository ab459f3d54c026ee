package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.PReluSpec;

/**
 * PReLU: forward one launch of 8 bytes an element; backward one of 12, which leaves sums of the slopes' gradients over pieces of
 * the rows, and one over these. Bound by memory. The pieces depend on the sizes alone.
 */
public final class PRelu {
    /** Most pieces, which is what a warp has to add for each slope, and the least that a piece is worth. */
    private static final int PIECES = 128;

    private static final int LEAST_ROWS = 64;
    private static final int LEAST_ELEMENTS = 4_096;

    private PRelu() {}

    public static Offer offer(CudaContext context, PReluSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, PReluSpec spec, DType storage) {
        long count = spec.rows() * spec.cols();
        if (spec.direction() == Direction.FORWARD) {
            Divisor cols = Divisor.of(Math.max(1, spec.cols()), count);
            return Pointwise.offer(
                    context,
                    Pointwise.module("prelu", storage),
                    "cuda:prelu",
                    "gatun_prelu_" + storage.word(),
                    count,
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.operand(2),
                    Arg.i64(count),
                    Arg.i32(spec.one() ? 1 : 0),
                    Arg.i64(cols.divisor()),
                    Arg.i32(cols.factor()),
                    Arg.i32(cols.shift()));
        }
        Recipe recipe = Recipe.of(context, Pointwise.module("prelu", storage), "cuda:prelu");
        if (count == 0) {
            return Offer.of(recipe.zero(Arg.operand(4), 4L * spec.slopes()).build());
        }
        int pieces = spec.one() ? one(recipe, count, storage) : columns(recipe, spec, storage);
        recipe.scratch(8L * pieces * spec.slopes());
        recipe.module("prelu");
        recipe.launch(
                "gatun_prelu_slopes_f32",
                Grid.blocks(Math.ceilDiv(32L * spec.slopes(), Pointwise.THREADS), Pointwise.THREADS),
                Arg.scratch(0),
                Arg.operand(4),
                Arg.i32(pieces),
                Arg.i32(spec.slopes()));
        return Offer.of(recipe.build());
    }

    /** How many pieces there are. */
    private static int one(Recipe recipe, long count, DType storage) {
        long length = Math.max(LEAST_ELEMENTS, Math.ceilDiv(count, PIECES));
        int pieces = (int) Math.ceilDiv(count, length);
        recipe.launch(
                "gatun_prelu_one_backward_" + storage.word(),
                Grid.blocks(pieces, Pointwise.THREADS),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                Arg.scratch(0),
                Arg.i64(count),
                Arg.i64(length));
        return pieces;
    }

    private static int columns(Recipe recipe, PReluSpec spec, DType storage) {
        long height = Math.max(LEAST_ROWS, Math.ceilDiv(spec.rows(), PIECES));
        int pieces = (int) Math.ceilDiv(spec.rows(), height);
        recipe.launch(
                "gatun_prelu_backward_" + storage.word(),
                Grid.blocks((long) pieces * Math.ceilDiv(spec.cols(), 32), Pointwise.THREADS),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                Arg.scratch(0),
                Arg.i64(spec.rows()),
                Arg.i32(spec.cols()),
                Arg.i64(height));
        return pieces;
    }
}
