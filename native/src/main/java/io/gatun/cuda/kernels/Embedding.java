package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;

/** Rows of a table by their indices, in one launch; {@link EmbeddingGradient} is the way back. */
public final class Embedding {
    private Embedding() {}

    public static Offer offer(CudaContext context, EmbeddingSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** With rows and their gradients in this storage; the table and its gradient are float. */
    static Offer offer(CudaContext context, EmbeddingSpec spec, DType storage) {
        Recipe recipe = Recipe.of(context, "embedding", "cuda:embedding");
        if (spec.count() == 0) {
            return Offer.of(recipe.build());
        }
        Arg report = Arg.pointer(context.fault().address());
        Arg code = Arg.i32(context.fault()
                .code(spec + ": index {position} is {value}, not within 0 and " + (spec.vocabulary() - 1)));
        if (spec.direction() == Direction.BACKWARD) {
            return EmbeddingGradient.offer(recipe, spec, storage, report, code);
        }
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
}
