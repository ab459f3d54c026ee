package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.ExtremeSpec;

/** Where the largest or smallest entries lie, in one launch: a warp for each row, or a thread for each column; 4 bytes an entry, bound by memory. */
public final class Extremes {
    private Extremes() {}

    public static Offer offer(CudaContext context, ExtremeSpec spec) {
        Recipe recipe = Recipe.of(context, "service", "cuda:extreme");
        long results = spec.outer() * spec.inner();
        Arg largest = Arg.i32(spec.op() == ExtremeSpec.Op.MAX ? 1 : 0);
        Arg inAll = Arg.i32(spec.inAll() ? 1 : 0);
        if (results > 0 && spec.inner() == 1) {
            recipe.launch(
                    "gatun_extreme_rows_f32",
                    Grid.of(results * 32, Pointwise.THREADS),
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.i64(results),
                    Arg.i32(spec.n()),
                    largest,
                    inAll);
        } else if (results > 0) {
            recipe.launch(
                    "gatun_extreme_columns_f32",
                    Grid.of(results, Pointwise.THREADS),
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.i64(results),
                    Arg.i32(spec.n()),
                    Arg.i64(spec.inner()),
                    largest,
                    inAll);
        }
        return Offer.of(recipe.build());
    }
}
