package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.BinarySpec;
import java.lang.foreign.MemorySegment;

/** add, sub, mul and div of two matrices, one of which may be a row, a column or a number, divided by rows. */
final class Elementwise {
    private static final long PIECE = 32_768;

    private Elementwise() {}

    static Kernel kernel(Engine engine, BinarySpec spec) {
        switch (spec.op()) {
            case MAX, MIN -> throw new Refusal("nobody has compared oneDNN's max and min with ours where one is NaN");
            case SHARE -> throw new Refusal("oneDNN's comparisons know no half");
            default -> {}
        }
        if (spec.rows() * spec.cols() == 0) {
            return EmptyKernel.nothing();
        }
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            boolean flat =
                    spec.broadcast() == BinarySpec.Broadcast.NONE || spec.broadcast() == BinarySpec.Broadcast.SCALAR;
            long rows = flat ? spec.rows() * spec.cols() : spec.rows();
            long cols = flat ? 1 : spec.cols();
            long unit = cols * Float.BYTES;
            long second =
                    switch (spec.broadcast()) {
                        case NONE, COLUMN -> Float.BYTES;
                        case ROW, SCALAR -> 0;
                    };
            return recipe.kernel(recipe.divide(
                    rows,
                    recipe.pieces(rows, PIECE / cols),
                    count -> binary(recipe, spec, count, cols),
                    call -> call.part(Dnnl.DNNL_ARG_SRC_0(), "a", unit)
                            .part(Dnnl.DNNL_ARG_SRC_1(), "b", second)
                            .part(Dnnl.DNNL_ARG_DST(), "dst", unit)));
        }
    }

    private static Primitive binary(Recipe recipe, BinarySpec spec, long rows, long cols) {
        Descriptors d = recipe.descriptors();
        MemorySegment first = cols == 1 ? d.dense(rows) : d.dense(rows, cols);
        MemorySegment second =
                switch (spec.broadcast()) {
                    case NONE -> first;
                    case SCALAR -> d.dense(1);
                    case ROW -> cols == 1 ? d.dense(1) : d.dense(1, cols);
                    case COLUMN -> cols == 1 ? first : d.dense(rows, 1);
                };
        MemorySegment attributes = d.attributes();
        return recipe.primitive(
                "dnnl_binary_primitive_desc_create",
                out -> Dnnl.dnnl_binary_primitive_desc_create(
                        out, recipe.engine(), algorithm(spec.op()), first, second, first, attributes));
    }

    private static int algorithm(BinarySpec.Op op) {
        return switch (op) {
            case ADD -> Dnnl.dnnl_binary_add();
            case SUB -> Dnnl.dnnl_binary_sub();
            case MUL -> Dnnl.dnnl_binary_mul();
            case DIV -> Dnnl.dnnl_binary_div();
            case MAX, MIN, SHARE -> throw new AssertionError(op);
        };
    }
}
