package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;
import java.lang.foreign.MemorySegment;

/** Activations as oneDNN's eltwise, where it keeps NaN. */
final class Activations {
    /** 128 KB for each thread at least. */
    private static final long PIECE = 32_768;

    private Activations() {}

    static Kernel kernel(Engine engine, ActivationSpec spec) {
        switch (spec.activation().kind()) {
            case IDENTITY -> throw new Refusal("a copy is no work for oneDNN");
            case ELU -> throw new Refusal("oneDNN's elu takes 1 from exp(x), which is 6 ulp off near -0.1");
            case LEAKY_RELU -> {
                if (spec.direction() == Direction.BACKWARD) {
                    throw new Refusal("where src is NaN oneDNN's leaky relu gives a finite gradient");
                }
            }
            case SIGMOID -> {
                if (spec.direction() == Direction.FORWARD && !Isa.hasFma()) {
                    throw new Refusal("without fma oneDNN's sigmoid is 8 ulp off near -9");
                }
            }
            default -> {}
        }
        Eltwise eltwise = Eltwise.of(spec.activation());
        if (spec.count() == 0) {
            return EmptyKernel.nothing();
        }
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            int pieces = recipe.pieces(spec.count(), PIECE);
            return recipe.kernel(
                    spec.direction() == Direction.FORWARD
                            ? recipe.divide(
                                    spec.count(), pieces, count -> forward(recipe, eltwise, count), call -> call.part(
                                                    Dnnl.DNNL_ARG_SRC(), "src", Float.BYTES)
                                            .part(Dnnl.DNNL_ARG_DST(), "dst", Float.BYTES))
                            : recipe.divide(
                                    spec.count(), pieces, count -> backward(recipe, spec, eltwise, count), call -> {
                                        boolean output =
                                                spec.activation().kind().usesOutput();
                                        call.part(
                                                        output ? Dnnl.DNNL_ARG_DST() : Dnnl.DNNL_ARG_SRC(),
                                                        output ? "dst" : "src",
                                                        Float.BYTES)
                                                .part(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst", Float.BYTES)
                                                .part(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc", Float.BYTES);
                                    }));
        }
    }

    private static Primitive forward(Recipe recipe, Eltwise eltwise, long count) {
        MemorySegment data = recipe.descriptors().dense(count);
        MemorySegment attributes = recipe.descriptors().attributes();
        return recipe.primitive(
                "dnnl_eltwise_forward_primitive_desc_create",
                out -> Dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        out,
                        recipe.engine(),
                        Dnnl.dnnl_forward_training(),
                        eltwise.forward(),
                        data,
                        data,
                        eltwise.alpha(),
                        eltwise.beta(),
                        attributes));
    }

    private static Primitive backward(Recipe recipe, ActivationSpec spec, Eltwise eltwise, long count) {
        MemorySegment data = recipe.descriptors().dense(count);
        MemorySegment attributes = recipe.descriptors().attributes();
        MemorySegment hint = Primitive.describe(
                spec,
                "dnnl_eltwise_forward_primitive_desc_create",
                out -> Dnnl.dnnl_eltwise_forward_primitive_desc_create(
                        out,
                        recipe.engine(),
                        Dnnl.dnnl_forward_training(),
                        eltwise.backward(),
                        data,
                        data,
                        eltwise.alpha(),
                        eltwise.beta(),
                        attributes));
        try {
            return recipe.primitive(
                    "dnnl_eltwise_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_eltwise_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            eltwise.backward(),
                            data,
                            data,
                            data,
                            eltwise.alpha(),
                            eltwise.beta(),
                            hint,
                            attributes));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }
}
