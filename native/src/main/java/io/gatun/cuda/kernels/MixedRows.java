package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;

/** Sums, softmax and embeddings in 16-bit storage: the sources of the float kernels. */
public final class MixedRows {
    private MixedRows() {}

    /** Whether the family is one of these. */
    public static boolean has(Spec of) {
        return of instanceof ReduceSpec || of instanceof SoftmaxSpec || of instanceof EmbeddingSpec;
    }

    public static Offer offer(CudaContext context, MixedSpec spec) {
        return switch (spec.of()) {
            case ReduceSpec s -> Reductions.offer(context, s, spec.storage(), spec.wide());
            case SoftmaxSpec s -> Softmax.offer(context, s, spec.storage());
            case EmbeddingSpec s -> Embedding.offer(context, s, spec.storage());
            default -> throw new IllegalArgumentException("not of rows: " + spec);
        };
    }
}
