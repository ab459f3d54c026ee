package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;

/**
 * Batch norm without residual and ReLU: rows are the batch of a 1 x 1 image with its channels last. oneDNN knows
 * variances and no running statistics: Java turns invStd into variance for the backward pass.
 */
final class BatchNorm {
    private final Recipe recipe;
    private final BatchNormSpec spec;
    private final MemorySegment data;
    private final MemorySegment attributes;

    private BatchNorm(Recipe recipe, BatchNormSpec spec) {
        this.recipe = recipe;
        this.spec = spec;
        long c = spec.c();
        this.data = recipe.descriptors().strided(new long[] {spec.rows(), c, 1, 1}, new long[] {c, 1, c, c});
        this.attributes = recipe.descriptors().attributes();
    }

    static Kernel kernel(Engine engine, BatchNormSpec spec) {
        if (spec.relu()) {
            throw new Refusal("oneDNN's fused relu gives 0 for NaN and wants a workspace");
        }
        if (spec.residual()) {
            throw new Refusal("oneDNN has no batch norm with a residual add on CPU");
        }
        if (spec.pass() == Pass.TRAINING) {
            throw new Refusal(
                    "oneDNN subtracts a mean rounded to float: at mean 1e4 and deviation 0.01 y is 0.1 % off");
        }
        if (spec.rows() == 0) {
            return EmptyKernel.nothing();
        }
        try (Recipe recipe = new Recipe(engine, spec, engine.threads())) {
            BatchNorm norm = new BatchNorm(recipe, spec);
            return spec.pass() == Pass.BACKWARD ? norm.backward() : norm.inference();
        }
    }

    private int forward(MemorySegment out, boolean training) {
        int affine = Dnnl.dnnl_use_scale() | Dnnl.dnnl_use_shift();
        return Dnnl.dnnl_batch_normalization_forward_primitive_desc_create(
                out,
                recipe.engine(),
                training ? Dnnl.dnnl_forward_training() : Dnnl.dnnl_forward_inference(),
                data,
                data,
                spec.eps(),
                training ? affine : affine | Dnnl.dnnl_use_global_stats(),
                attributes);
    }

    private Kernel inference() {
        Primitive norm =
                recipe.primitive("dnnl_batch_normalization_forward_primitive_desc_create", out -> forward(out, false));
        requireJit(norm);
        recipe.run(norm)
                .with(Dnnl.DNNL_ARG_SRC(), "src")
                .with(Dnnl.DNNL_ARG_SCALE(), "gamma")
                .with(Dnnl.DNNL_ARG_SHIFT(), "beta")
                .with(Dnnl.DNNL_ARG_MEAN(), "runningMean")
                .with(Dnnl.DNNL_ARG_VARIANCE(), "runningVar")
                .with(Dnnl.DNNL_ARG_DST(), "dst");
        return recipe.kernel(norm);
    }

    /** The others ({@code ncsp_bnorm}, for channels that fill no vector) lose a small variance beside a large mean. */
    private static void requireJit(Primitive norm) {
        if (!norm.implementation().contains("jit")) {
            throw new Refusal("oneDNN has only " + norm.implementation() + " for this number of channels, which at mean"
                    + " 1e4 and deviation 0.01 is 0.4 % off");
        }
    }

    private Kernel backward() {
        int affine = Dnnl.dnnl_use_scale() | Dnnl.dnnl_use_shift();
        MemorySegment hint = Primitive.describe(
                spec, "dnnl_batch_normalization_forward_primitive_desc_create", out -> forward(out, true));
        try {
            Primitive norm = recipe.primitive(
                    "dnnl_batch_normalization_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_batch_normalization_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_backward(),
                            data,
                            data,
                            data,
                            spec.eps(),
                            affine,
                            hint,
                            attributes));
            requireJit(norm);
            Invocation.Place variance = recipe.temporary((long) spec.c() * Float.BYTES);
            Invocation.Place invStd = recipe.operand("invStd");
            recipe.run(frame -> variance(invStd.address(frame), variance.address(frame)));
            recipe.run(norm)
                    .with(Dnnl.DNNL_ARG_SRC(), "src")
                    .with(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst")
                    .with(Dnnl.DNNL_ARG_SCALE(), "gamma")
                    .with(Dnnl.DNNL_ARG_MEAN(), "mean")
                    .with(Dnnl.DNNL_ARG_VARIANCE(), variance)
                    .with(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc")
                    .with(Dnnl.DNNL_ARG_DIFF_SCALE(), "diffGamma")
                    .with(Dnnl.DNNL_ARG_DIFF_SHIFT(), "diffBeta");
            return recipe.kernel(norm);
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** var = 1 / invStd² − eps: oneDNN adds eps again, so what cancels here does not matter there. */
    private void variance(long invStd, long variance) {
        for (int c = 0; c < spec.c(); c++) {
            double inverse = Raw.f32(invStd, c);
            Raw.f32(variance, c, (float) (1 / (inverse * inverse) - spec.eps()));
        }
    }
}
