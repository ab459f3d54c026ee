package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * GEMM as oneDNN's matmul, which is as fast as its {@code dnnl_sgemm} without transposes and up to 1.5 times as fast
 * with B transposed. Transposes, row strides and batches are strides of its layouts, a shared matrix is one of batch 1.
 * alpha, beta and the activation are post-operations in the order of the formula; oneDNN adds a bias of its own before
 * them, so with alpha the bias becomes a post-operation too.
 *
 * <p>The pool's threads divide the batch, or the longer side of C.
 */
final class Gemm {
    /** A piece for another thread should take 10 us at least: 1 MFLOP at 100 GFLOP/s. */
    private static final double PIECE_FLOPS = 1e6;

    /** What is divided. */
    private enum Axis {
        BATCH,
        /** As {@link #BATCH}, with one product for each matrix. */
        MATRIX,
        ROWS,
        COLS
    }

    private final GemmSpec spec;
    private final Recipe recipe;
    private final Axis axis;
    private final MemorySegment attributes;
    private final boolean plainBias;
    private final int biasPostOp;

    private Gemm(Recipe recipe, GemmSpec spec, Axis axis) {
        this.recipe = recipe;
        this.spec = spec;
        this.axis = axis;
        this.plainBias = spec.bias() && spec.alpha() == 1;
        List<Descriptors.PostOp> postOps = new ArrayList<>();
        if (spec.alpha() != 1) {
            postOps.add(new Descriptors.PostOp.Function(Eltwise.linear(spec.alpha())));
        }
        this.biasPostOp = postOps.size();
        if (spec.bias() && !plainBias) {
            postOps.add(new Descriptors.PostOp.Add(bias(spec.n())));
        }
        if (spec.beta() != 0) {
            postOps.add(new Descriptors.PostOp.Sum(spec.beta()));
        }
        if (!relu() && spec.activation().kind() != Activation.Kind.IDENTITY) {
            postOps.add(new Descriptors.PostOp.Function(Eltwise.of(spec.activation())));
        }
        this.attributes = recipe.descriptors().attributes(postOps.toArray(Descriptors.PostOp[]::new));
    }

    static Kernel kernel(Engine engine, GemmSpec spec) {
        if (spec.m() == 0 || spec.n() == 0 || spec.batch() == 0) {
            return EmptyKernel.nothing();
        }
        if (spec.k() == 0) {
            return EmptyKernel.gemm(spec);
        }
        if (spec.batch() == 1) {
            return kernel(engine, spec, spec.m() >= spec.n() ? Axis.ROWS : Axis.COLS);
        }
        try {
            return kernel(engine, spec, Axis.BATCH);
        } catch (Refusal e) {
            // A bias behind alpha is one: matmul has that for single matrices only.
            return kernel(engine, spec, Axis.MATRIX);
        }
    }

    private static Kernel kernel(Engine engine, GemmSpec spec, Axis axis) {
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            return new Gemm(recipe, spec, axis).kernel();
        }
    }

    private boolean relu() {
        return spec.activation().kind() == Activation.Kind.RELU;
    }

    private Kernel kernel() {
        long units =
                switch (axis) {
                    case BATCH, MATRIX -> spec.batch();
                    case ROWS -> spec.m();
                    case COLS -> spec.n();
                };
        boolean large = spec.flops() >= 2 * PIECE_FLOPS;
        // A bias behind alpha is part of the attributes, made for all columns.
        boolean whole = spec.bias() && !plainBias && axis == Axis.COLS;
        int pieces = large && !whole ? recipe.pieces(units, axis == Axis.BATCH ? 1 : 16) : 1;
        int calls = axis == Axis.MATRIX ? spec.batch() : pieces;
        Relu relu = new Relu(recipe.operand("c").slot(), spec.batch(), spec.strideC(), spec.m(), spec.ldc(), spec.n());
        Primitive matmul = recipe.divide(units, calls, this::matmul, this::bind, relu() ? after(relu) : null);
        if (relu() && calls == 1) {
            recipe.run(relu.step(recipe.workers()));
        }
        return recipe.kernel(matmul);
    }

    private Recipe.After after(Relu relu) {
        return switch (axis) {
            case BATCH, MATRIX -> relu::matrices;
            case ROWS -> (frame, row, rows) -> relu.part(frame, 0, row, rows, 0, spec.n());
            case COLS -> (frame, column, columns) -> relu.part(frame, 0, 0, spec.m(), column, columns);
        };
    }

    /** The product of a piece of so many matrices, rows or columns. */
    private Primitive matmul(long units) {
        long batch = axis == Axis.BATCH ? units : 1;
        long m = axis == Axis.ROWS ? units : spec.m();
        long n = axis == Axis.COLS ? units : spec.n();
        MemorySegment a = matrix(batch, spec.strideA(), m, spec.k(), spec.transA(), spec.lda());
        MemorySegment b = matrix(batch, spec.strideB(), spec.k(), n, spec.transB(), spec.ldb());
        MemorySegment c = matrix(batch, spec.strideC(), m, n, false, spec.ldc());
        MemorySegment bias = plainBias ? bias(n) : MemorySegment.NULL;
        return recipe.primitive(
                "dnnl_matmul_primitive_desc_create",
                out -> Dnnl.dnnl_matmul_primitive_desc_create(out, recipe.engine(), a, b, bias, c, attributes));
    }

    private void bind(Recipe.Call call) {
        long column = Float.BYTES;
        switch (axis) {
            case BATCH, MATRIX ->
                call.part(Dnnl.DNNL_ARG_SRC(), "a", spec.strideA() * Float.BYTES)
                        .part(Dnnl.DNNL_ARG_WEIGHTS(), "b", spec.strideB() * Float.BYTES)
                        .part(Dnnl.DNNL_ARG_DST(), "c", spec.strideC() * Float.BYTES);
            case ROWS ->
                call.part(Dnnl.DNNL_ARG_SRC(), "a", spec.transA() ? column : column * spec.lda())
                        .with(Dnnl.DNNL_ARG_WEIGHTS(), "b")
                        .part(Dnnl.DNNL_ARG_DST(), "c", column * spec.ldc());
            case COLS ->
                call.with(Dnnl.DNNL_ARG_SRC(), "a")
                        .part(Dnnl.DNNL_ARG_WEIGHTS(), "b", spec.transB() ? column * spec.ldb() : column)
                        .part(Dnnl.DNNL_ARG_DST(), "c", column);
        }
        if (plainBias) {
            call.part(Dnnl.DNNL_ARG_BIAS(), "bias", axis == Axis.COLS ? column : 0);
        } else if (spec.bias()) {
            call.with(Dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() * (biasPostOp + 1) | Dnnl.DNNL_ARG_SRC_1(), "bias");
        }
    }

    private MemorySegment bias(long n) {
        return axis == Axis.BATCH
                ? recipe.descriptors().dense(1, 1, n)
                : recipe.descriptors().dense(1, n);
    }

    private MemorySegment matrix(long batch, long batchStride, long rows, long cols, boolean transposed, long stride) {
        long rowStride = transposed ? 1 : stride;
        long colStride = transposed ? stride : 1;
        if (axis != Axis.BATCH) {
            return recipe.descriptors().strided(new long[] {rows, cols}, new long[] {rowStride, colStride});
        }
        boolean shared = batchStride == 0;
        return recipe.descriptors().strided(new long[] {shared ? 1 : batch, rows, cols}, new long[] {
            shared ? Math.max(rows * rowStride, cols * colStride) : batchStride, rowStride, colStride
        });
    }
}
