package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;

/** The backward pass of layer norm. oneDNN knows variances: Java makes them of invStd. */
final class LayerNorm {
    private final Recipe recipe;
    private final GroupNormSpec spec;
    private final MemorySegment data;
    private final MemorySegment statistics;
    private final MemorySegment attributes;

    private LayerNorm(Recipe recipe, GroupNormSpec spec) {
        this.recipe = recipe;
        this.spec = spec;
        this.data = recipe.descriptors().dense(spec.n(), spec.c());
        this.statistics = recipe.descriptors().dense(spec.n());
        this.attributes = recipe.descriptors().attributes();
    }

    static Kernel kernel(Engine engine, GroupNormSpec spec) {
        if (!spec.rows()) {
            throw new Refusal("of oneDNN's norms of samples only the backward pass of layer norm is used");
        }
        if (spec.pass() != Pass.BACKWARD) {
            throw new Refusal(
                    "oneDNN subtracts a mean rounded to float: at mean 1e4 and deviation 0.01 y is off by 0.08");
        }
        if (spec.n() == 0) {
            throw new Refusal("no row: diffGamma and diffBeta are zeros, which oneDNN does not write");
        }
        try (Recipe recipe = new Recipe(engine, spec, engine.threads())) {
            return new LayerNorm(recipe, spec).backward();
        }
    }

    private Kernel backward() {
        int flags =
                spec.affine() ? Dnnl.dnnl_use_scale() | Dnnl.dnnl_use_shift() : Dnnl.dnnl_normalization_flags_none();
        MemorySegment hint = Primitive.describe(
                spec,
                "dnnl_layer_normalization_forward_primitive_desc_create",
                out -> Dnnl.dnnl_layer_normalization_forward_primitive_desc_create(
                        out,
                        recipe.engine(),
                        Dnnl.dnnl_forward_training(),
                        data,
                        data,
                        statistics,
                        spec.eps(),
                        flags,
                        attributes));
        try {
            Primitive norm = recipe.primitive(
                    "dnnl_layer_normalization_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_layer_normalization_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_backward(),
                            data,
                            data,
                            data,
                            statistics,
                            spec.eps(),
                            flags,
                            hint,
                            attributes));
            Invocation.Place variance = recipe.temporary(spec.n() * Float.BYTES);
            Invocation.Place invStd = recipe.operand("invStd");
            recipe.run(frame -> variance(invStd.address(frame), variance.address(frame)));
            Recipe.Call call = recipe.run(norm)
                    .with(Dnnl.DNNL_ARG_SRC(), "src")
                    .with(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst")
                    .with(Dnnl.DNNL_ARG_MEAN(), "mean")
                    .with(Dnnl.DNNL_ARG_VARIANCE(), variance)
                    .with(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc");
            if (spec.affine()) {
                call.with(Dnnl.DNNL_ARG_SCALE(), "gamma")
                        .with(Dnnl.DNNL_ARG_DIFF_SCALE(), "diffGamma")
                        .with(Dnnl.DNNL_ARG_DIFF_SHIFT(), "diffBeta");
            }
            return recipe.kernel(norm);
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** var = 1 / invStd² − eps: oneDNN adds eps again, so what cancels here does not matter there. */
    private void variance(long invStd, long variance) {
        for (long row = 0; row < spec.n(); row++) {
            double inverse = Raw.f32(invStd, row);
            Raw.f32(variance, row, (float) (1 / (inverse * inverse) - spec.eps()));
        }
    }
}
