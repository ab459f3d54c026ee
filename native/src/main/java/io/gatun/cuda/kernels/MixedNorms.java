package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.Spec;

/** Normalization and pooling in 16-bit storage: the sources of the float kernels, with half the bytes and sums in float. */
public final class MixedNorms {
    private MixedNorms() {}

    /** Whether the family is one of these. */
    public static boolean has(Spec of) {
        return of instanceof BatchNormSpec
                || of instanceof GroupNormSpec
                || of instanceof PoolSpec
                || of instanceof AdaptivePoolSpec;
    }

    public static Offer offer(CudaContext context, MixedSpec spec) {
        DType storage = spec.storage();
        return switch (spec.of()) {
            case BatchNormSpec s -> BatchNorm.offer(context, s, storage);
            case GroupNormSpec s -> GroupNorm.offer(context, s, storage);
            case PoolSpec s -> Pools.offer(context, s, storage);
            case AdaptivePoolSpec s -> AdaptivePools.offer(context, s, storage);
            default -> Offer.refused("no kernel in " + storage.word() + " yet");
        };
    }
}
