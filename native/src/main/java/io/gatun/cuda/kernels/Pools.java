package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;

/** Max and average pooling by windows: one launch either way, a thread for 16 bytes of channels of a pixel that is written. */
public final class Pools {
    /** From so many elements a window's average is a block's work, not a thread's: global pooling. */
    private static final int LARGE_WINDOW = 32;

    private Pools() {}

    public static Offer offer(CudaContext context, PoolSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, PoolSpec spec, DType storage) {
        boolean forward = spec.direction() == Direction.FORWARD;
        boolean max = spec.op() == PoolSpec.Op.MAX;
        Recipe recipe = Recipe.of(context, module(storage), "cuda:pool " + storage.word());
        long pixels = (long) spec.n() * (forward ? (long) spec.oh() * spec.ow() : (long) spec.h() * spec.w());
        if (pixels == 0) {
            return Offer.of(recipe.build());
        }
        if (forward && !max && (long) spec.kh() * spec.kw() >= LARGE_WINDOW) {
            RowGrid windows = RowGrid.tiles((long) spec.kh() * spec.kw(), spec.c(), PoolArguments.channels(storage));
            String refusal = windows.refusal(pixels);
            return refusal != null
                    ? Offer.refused(refusal)
                    : Offer.of(recipe.launch(
                                    "gatun_pool_average_window_" + storage.word(),
                                    windows.grid(pixels),
                                    args(spec).after(Arg.operand(0), Arg.operand(1)))
                            .build());
        }
        RowGrid grid = RowGrid.single(pixels, spec.c(), PoolArguments.channels(storage));
        long blocks = Math.ceilDiv(pixels, grid.threadRows());
        String refusal = grid.refusal(blocks);
        if (refusal != null) {
            return Offer.refused(refusal);
        }
        Arg[] args = max
                ? args(spec).after(Arg.operand(0), Arg.operand(1), Arg.operand(2), Arg.i64(pixels))
                : args(spec).after(Arg.operand(0), Arg.operand(1), Arg.i64(pixels));
        return Offer.of(recipe.launch(name("pool", max, forward, storage), grid.grid(blocks), args)
                .build());
    }

    static String module(DType storage) {
        return storage == DType.F32 ? "pool" : "pool_" + storage.word();
    }

    static String name(String family, boolean max, boolean forward, DType storage) {
        return "gatun_" + family + (max ? "_max" : "_average") + (forward ? "_" : "_backward_") + storage.word();
    }

    private static PoolArguments args(PoolSpec s) {
        long pixels = s.n() * Math.max((long) s.h() * s.w(), (long) s.oh() * s.ow());
        return new PoolArguments(pixels, s.c(), s.h(), s.w(), s.oh(), s.ow())
                .windows(s.kh(), s.sh(), s.ph(), s.pb())
                .windows(s.kw(), s.sw(), s.pw(), s.pr())
                .flag(s.op() == PoolSpec.Op.AVG_PAD);
    }
}
