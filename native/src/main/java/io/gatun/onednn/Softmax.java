package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import java.lang.foreign.MemorySegment;

/** The backward pass of softmax, divided by rows; the others lose NaN. */
final class Softmax {
    private static final long PIECE = 8_192;

    private Softmax() {}

    static Kernel kernel(Engine engine, SoftmaxSpec spec) {
        if (spec.direction() == Direction.FORWARD) {
            throw new Refusal("in a row with one NaN oneDNN's softmax gives NaN in that cell only");
        }
        if (spec.op() == SoftmaxSpec.Op.LOG_SOFTMAX) {
            throw new Refusal("where dst is NaN oneDNN's log-softmax gradient is infinite: its exp(NaN) is +Inf");
        }
        if (spec.rows() * spec.cols() == 0) {
            return EmptyKernel.nothing();
        }
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            long row = (long) spec.cols() * Float.BYTES;
            return recipe.kernel(recipe.divide(
                    spec.rows(),
                    recipe.pieces(spec.rows(), PIECE / spec.cols()),
                    rows -> backward(recipe, spec, rows),
                    call -> call.part(Dnnl.DNNL_ARG_DST(), "dst", row)
                            .part(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst", row)
                            .part(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc", row)));
        }
    }

    private static Primitive backward(Recipe recipe, SoftmaxSpec spec, long rows) {
        MemorySegment data = recipe.descriptors().dense(rows, spec.cols());
        MemorySegment attributes = recipe.descriptors().attributes();
        int algorithm = Dnnl.dnnl_softmax_accurate();
        MemorySegment hint = Primitive.describe(
                spec,
                "dnnl_softmax_forward_primitive_desc_create",
                out -> Dnnl.dnnl_softmax_forward_primitive_desc_create(
                        out, recipe.engine(), Dnnl.dnnl_forward_training(), algorithm, data, data, 1, attributes));
        try {
            return recipe.primitive(
                    "dnnl_softmax_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_softmax_backward_primitive_desc_create(
                            out, recipe.engine(), algorithm, data, data, data, 1, hint, attributes));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }
}
