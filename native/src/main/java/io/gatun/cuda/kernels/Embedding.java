package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;

/**
 * One launch each way: rows copied, or each row's gradients added in the order of the indices by the one warp that
 * has it.
 */
public final class Embedding {
    /** Columns of a row that a warp has in registers. */
    private static final int TILE = 256;

    private static final int WARPS = 4;

    private Embedding() {}

    public static Offer offer(CudaContext context, EmbeddingSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With rows and their gradients in this storage; the table and its gradient are float. */
    static Offer offer(CudaContext context, EmbeddingSpec spec, DType storage) {
        boolean forward = spec.direction() == Direction.FORWARD;
        Recipe recipe = Recipe.of(context, "embedding", "cuda:embedding");
        if (spec.count() == 0) {
            return Offer.of(recipe.build());
        }
        Arg report = Arg.pointer(context.fault().address());
        Arg code = Arg.i32(context.fault()
                .code(spec + ": index {position} is {value}, not within 0 and " + (spec.vocabulary() - 1)));
        if (forward) {
            int lanes = Math.min(32, RowTeam.powerFrom(Math.ceilDiv(spec.dim(), 4)));
            return Offer.of(recipe.launch(
                            "gatun_embedding_" + storage.word(),
                            RowTeam.grid(spec.count(), lanes),
                            Arg.operand(0),
                            Arg.operand(1),
                            Arg.operand(2),
                            Arg.i64(spec.count()),
                            Arg.i32(spec.vocabulary()),
                            Arg.i32(spec.dim()),
                            Arg.i32(lanes),
                            report,
                            code)
                    .build());
        }
        int tiles = Math.ceilDiv(spec.dim(), TILE);
        boolean rows = spec.vocabulary() <= spec.count();
        long warps = (rows ? spec.vocabulary() : spec.count()) * tiles;
        return Offer.of(recipe.launch(
                        "gatun_embedding_backward_" + (rows ? "rows" : "indices") + "_" + storage.word(),
                        Grid.blocks(Math.ceilDiv(warps, WARPS), 32 * WARPS),
                        Arg.operand(0),
                        Arg.operand(1),
                        Arg.operand(2),
                        Arg.i64(spec.count()),
                        Arg.i32(spec.vocabulary()),
                        Arg.i32(spec.dim()),
                        Arg.i32(tiles),
                        report,
                        code)
                .build());
    }
}
