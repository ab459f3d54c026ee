package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Kernel;

/** The one launch of an optimizer over its flat buffers: optim.cu has a block for 1,024 elements, a thread for four. */
final class FlatSweep {
    private static final int PER_BLOCK = 1_024;
    private static final int THREADS = PER_BLOCK / 4;

    private FlatSweep() {}

    /** Nothing for no parameters. */
    static Kernel over(long count, CudaContext context, String implementation, String function, Arg... arguments) {
        Recipe recipe = Recipe.of(context, "optim", implementation);
        if (count > 0) {
            recipe.launch(function, Grid.blocks(Math.ceilDiv(count, PER_BLOCK), THREADS), arguments);
        }
        return recipe.build();
    }

    static Arg flag(boolean value) {
        return Arg.i32(value ? 1 : 0);
    }
}
