package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import java.util.ArrayList;
import java.util.List;

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
        int channels = PoolArguments.channels(storage);
        RowGrid grid = block ? RowGrid.tiles(window, spec.c(), channels) : RowGrid.single(pixels, spec.c(), channels);
        long blocks = block ? pixels : Math.ceilDiv(pixels, grid.threadRows());
        String refusal = grid.refusal(blocks);
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        List<Arg> first = new ArrayList<>(List.of(Arg.operand(0), Arg.operand(1)));
        if (max) {
            first.add(Arg.operand(2));
        }
        if (!block) {
            first.add(Arg.i64(pixels));
        }
        String kernel = block
                ? "gatun_adaptivepool_average_window_" + storage.word()
                : Pools.name("adaptivepool", max, forward, storage);
        Arg[] args = args(spec).after(first.toArray(Arg[]::new));
        return Offer.of(recipe.launch(kernel, grid.grid(blocks), args).build());
    }

    /** Places are found by dividing up to (size + 1) (out + 1). */
    private static PoolArguments args(AdaptivePoolSpec s) {
        long indices = Math.max(
                s.n() * Math.max((long) s.h() * s.w(), (long) s.oh() * s.ow()),
                Math.max((s.h() + 1L) * (s.oh() + 1L), (s.w() + 1L) * (s.ow() + 1L)));
        return new PoolArguments(indices, s.c(), s.h(), s.w(), s.oh(), s.ow());
    }
}
