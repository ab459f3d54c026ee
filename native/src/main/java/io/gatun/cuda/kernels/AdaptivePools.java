package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import java.util.stream.Stream;

/** Pooling to a size: one launch either way, as {@link Pools}; an average takes a block, for its window may be the image. */
public final class AdaptivePools {
    private AdaptivePools() {}

    public static Offer offer(CudaContext context, AdaptivePoolSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, AdaptivePoolSpec spec, DType storage) {
        boolean forward = spec.direction() == Direction.FORWARD;
        boolean max = spec.op() == AdaptivePoolSpec.Op.MAX;
        Recipe recipe = Recipe.of(context, Pools.module(storage), "cuda:adaptivepool " + storage.word());
        long pixels = (long) spec.n() * (forward ? (long) spec.oh() * spec.ow() : (long) spec.h() * spec.w());
        if (pixels == 0) {
            return Offer.of(recipe.build());
        }
        boolean block = forward && !max;
        long window = Math.ceilDiv(spec.h(), spec.oh()) * (long) Math.ceilDiv(spec.w(), spec.ow());
        RowGrid grid = block ? RowGrid.tiles(window, spec.c()) : RowGrid.single(pixels, spec.c());
        long blocks = block ? pixels : Math.ceilDiv(pixels, grid.threadRows());
        String refusal = grid.refusal(blocks);
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Stream<Arg> pointers = max
                ? Stream.of(Arg.operand(0), Arg.operand(1), Arg.operand(2))
                : Stream.of(Arg.operand(0), Arg.operand(1));
        Stream<Arg> count = block ? Stream.of() : Stream.of(Arg.i64(pixels));
        Stream<Arg> sizes =
                Stream.of(spec.c(), spec.h(), spec.oh(), spec.w(), spec.ow()).map(Arg::i32);
        Arg[] args = Stream.of(pointers, count, sizes).flatMap(a -> a).toArray(Arg[]::new);
        return Offer.of(recipe.launch(Pools.name("adaptivepool", max, forward, storage), grid.grid(blocks), args)
                .build());
    }
}
