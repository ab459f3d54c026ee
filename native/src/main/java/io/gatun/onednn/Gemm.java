package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * GEMM as oneDNN's matmul: transposes, row strides and batches are strides of its layouts, a shared matrix is one of
 * batch 1 (broadcast). alpha, beta and the activation are post-operations in the order of the formula. oneDNN adds a
 * bias of its own before them, so with alpha the bias becomes a post-operation too.
 */
final class Gemm {
    private Gemm() {}

    static Kernel kernel(Engine engine, GemmSpec spec) {
        if (spec.m() == 0 || spec.n() == 0 || spec.batch() == 0) {
            return new EmptyKernel("onednn:empty", frame -> {});
        }
        if (spec.k() == 0) {
            return EmptyKernel.gemm(spec);
        }
        return matmul(engine, spec);
    }

    static Kernel matmul(Engine engine, GemmSpec spec) {
        try (Recipe recipe = new Recipe(engine, spec, engine.threads())) {
            Descriptors descriptors = recipe.descriptors();
            boolean batched = spec.batch() > 1;
            MemorySegment src = matrix(
                    descriptors, spec.batch(), spec.strideA(), spec.m(), spec.k(), spec.transA(), spec.lda(), batched);
            MemorySegment weights = matrix(
                    descriptors, spec.batch(), spec.strideB(), spec.k(), spec.n(), spec.transB(), spec.ldb(), batched);
            MemorySegment dst = matrix(
                    descriptors, spec.batch(), spec.strideC(), spec.m(), spec.n(), false, spec.ldc(), batched);
            MemorySegment bias = !spec.bias()
                    ? MemorySegment.NULL
                    : batched ? descriptors.dense(1, 1, spec.n()) : descriptors.dense(1, spec.n());
            boolean ownBias = spec.bias() && spec.alpha() == 1;
            List<Descriptors.PostOp> postOps = new ArrayList<>();
            if (spec.alpha() != 1) {
                postOps.add(new Descriptors.PostOp.Function(Eltwise.linear(spec.alpha())));
            }
            int biasIndex = postOps.size();
            if (spec.bias() && !ownBias) {
                postOps.add(new Descriptors.PostOp.Add(bias));
            }
            if (spec.beta() != 0) {
                postOps.add(new Descriptors.PostOp.Sum(spec.beta()));
            }
            Activation activation = spec.activation();
            boolean relu = activation.kind() == Activation.Kind.RELU;
            if (!relu && activation.kind() != Activation.Kind.IDENTITY) {
                postOps.add(new Descriptors.PostOp.Function(Eltwise.of(activation)));
            }
            MemorySegment attributes = descriptors.attributes(postOps.toArray(Descriptors.PostOp[]::new));
            Primitive matmul = recipe.primitive(
                    "dnnl_matmul_primitive_desc_create",
                    out -> Dnnl.dnnl_matmul_primitive_desc_create(
                            out,
                            recipe.engine(),
                            src,
                            weights,
                            ownBias ? bias : MemorySegment.NULL,
                            dst,
                            attributes));
            Recipe.Call step = recipe.run(matmul)
                    .with(Dnnl.DNNL_ARG_SRC(), "a")
                    .with(Dnnl.DNNL_ARG_WEIGHTS(), "b")
                    .with(Dnnl.DNNL_ARG_DST(), "c");
            if (spec.bias()) {
                step.with(
                        ownBias
                                ? Dnnl.DNNL_ARG_BIAS()
                                : Dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() * (biasIndex + 1)
                                        | Dnnl.DNNL_ARG_SRC_1(),
                        "bias");
            }
            if (relu) {
                recipe.run(Relu.rows(
                        engine.workers(),
                        recipe.operand("c").slot(),
                        spec.batch(),
                        spec.strideC(),
                        spec.m(),
                        spec.ldc(),
                        spec.n()));
            }
            return recipe.kernel(matmul);
        }
    }

    private static MemorySegment matrix(
            Descriptors descriptors,
            int batch,
            long batchStride,
            long rows,
            long cols,
            boolean transposed,
            long stride,
            boolean batched) {
        long rowStride = transposed ? 1 : stride;
        long colStride = transposed ? stride : 1;
        if (!batched) {
            return descriptors.strided(new long[] {rows, cols}, new long[] {rowStride, colStride});
        }
        boolean shared = batchStride == 0;
        return descriptors.strided(
                new long[] {shared ? 1 : batch, rows, cols},
                new long[] {shared ? rows * cols : batchStride, rowStride, colStride});
    }
}
