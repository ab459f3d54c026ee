package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.DropoutSpec;

/** Inverted dropout in one launch: 8 bytes an element, bound by memory. The mask is the CPU's to the bit: Philox by the same counters, of which a thread makes two blocks for 16 elements. */
public final class Dropout {
    private Dropout() {}

    public static Offer offer(CudaContext context, DropoutSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, DropoutSpec spec, DType storage) {
        Recipe recipe = Recipe.of(context, Pointwise.module("pointwise", storage), "cuda:dropout");
        long count = spec.count();
        if (count > 0) {
            recipe.launch(
                    "gatun_dropout_" + storage.word(),
                    Grid.of(Math.ceilDiv(count, 64) * 4, Pointwise.THREADS),
                    Arg.operand(0),
                    Arg.operand(1),
                    Arg.operand(2),
                    Arg.i64(count),
                    Arg.i32(spec.threshold()),
                    Arg.f32(spec.scale()));
        }
        return Offer.of(recipe.build());
    }
}
