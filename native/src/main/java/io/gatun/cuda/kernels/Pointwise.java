package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;

/** Recipes of one launch over so many elements, of which each thread takes four at a time. */
final class Pointwise {
    static final int THREADS = 256;
    private static final int EACH = 4;

    private Pointwise() {}

    /** Of no element nothing is launched. */
    static Offer offer(
            CudaContext context, String module, String implementation, String function, long count, Arg... arguments) {
        Recipe recipe = Recipe.of(context, module, implementation);
        if (count > 0) {
            recipe.launch(function, grid(count), arguments);
        }
        return Offer.of(recipe.build());
    }

    /** The module of a kernel that there is in several storages, {@code ofFloat} where it has one of its own. */
    static String module(String ofFloat, DType storage) {
        return storage == DType.F32 ? ofFloat : "pointwise_" + storage.word();
    }

    static Grid grid(long count) {
        return Grid.of(Math.ceilDiv(count, EACH), THREADS);
    }
}
