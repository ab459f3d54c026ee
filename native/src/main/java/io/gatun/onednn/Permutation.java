package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.PermuteSpec;
import java.lang.foreign.MemorySegment;

/** A copy with other axes as oneDNN's reorder, divided along the first axis of dst. */
final class Permutation {
    private static final long PIECE = 32_768;

    private Permutation() {}

    static Kernel kernel(Engine engine, PermuteSpec spec) {
        int rank = spec.shape().size();
        if (spec.shape().product() == 0) {
            return EmptyKernel.nothing();
        }
        if (rank > Dnnl.DNNL_MAX_NDIMS() || rank == 0) {
            throw new Refusal("oneDNN has no tensors of " + rank + " axes");
        }
        long[] srcStrides = new long[rank];
        long stride = 1;
        for (int i = rank - 1; i >= 0; i--) {
            srcStrides[i] = stride;
            stride *= spec.shape().get(i);
        }
        long[] dims = new long[rank];
        long[] strides = new long[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = spec.shape().get(spec.permutation().get(i));
            strides[i] = srcStrides[spec.permutation().get(i)];
        }
        long row = stride / dims[0];
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            return recipe.kernel(recipe.divide(
                    dims[0],
                    recipe.pieces(dims[0], PIECE / row),
                    count -> {
                        long[] part = dims.clone();
                        part[0] = count;
                        MemorySegment to = recipe.descriptors().dense(part);
                        return recipe.reorder(recipe.descriptors().strided(part, strides), to);
                    },
                    call -> call.part(Dnnl.DNNL_ARG_FROM(), "src", strides[0] * Float.BYTES)
                            .part(Dnnl.DNNL_ARG_TO(), "dst", row * Float.BYTES)));
        }
    }
}
