package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.ReduceSpec;
import java.lang.foreign.MemorySegment;

/** Sums and means over some axes; oneDNN has a fast one for the trailing axes only. */
final class Reduction {
    private static final long PIECE = 32_768;

    private Reduction() {}

    static Kernel kernel(Engine engine, ReduceSpec spec) {
        int rank = spec.shape().size();
        if (spec.op() == ReduceSpec.Op.SUM_SQUARES) {
            throw new Refusal("oneDNN has no sum of squares, only its root");
        }
        if (spec.kept() == 0) {
            return EmptyKernel.nothing();
        }
        if (spec.reduced() == 0) {
            throw new Refusal("oneDNN leaves the result of an empty sum as it was");
        }
        for (int i = 0; i < spec.axes().size(); i++) {
            if (spec.axes().get(i) != rank - spec.axes().size() + i) {
                throw new Refusal("oneDNN has a fast sum over the last axes only");
            }
        }
        if (spec.reduced() == 1) {
            throw new Refusal("a copy is no work for oneDNN");
        }
        long rows = spec.kept();
        long cols = spec.reduced();
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            return recipe.kernel(recipe.divide(
                    rows,
                    recipe.pieces(rows, PIECE / cols),
                    count -> reduce(recipe, spec.op(), count, cols),
                    call -> call.part(Dnnl.DNNL_ARG_SRC(), "src", cols * Float.BYTES)
                            .part(Dnnl.DNNL_ARG_DST(), "dst", Float.BYTES)));
        }
    }

    private static Primitive reduce(Recipe recipe, ReduceSpec.Op op, long rows, long cols) {
        MemorySegment src = recipe.descriptors().dense(rows, cols);
        MemorySegment dst = recipe.descriptors().dense(rows, 1);
        MemorySegment attributes = recipe.descriptors().attributes();
        int algorithm = op == ReduceSpec.Op.SUM ? Dnnl.dnnl_reduction_sum() : Dnnl.dnnl_reduction_mean();
        return recipe.primitive(
                "dnnl_reduction_primitive_desc_create",
                out -> Dnnl.dnnl_reduction_primitive_desc_create(
                        out, recipe.engine(), algorithm, src, dst, 0, 0, attributes));
    }
}
