package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;

/**
 * GRU over a whole sequence, by the primitive that oneDNN calls linear before reset: the only one where the reset gate
 * scales the product with its bias, as PyTorch has it. Its gates are u, r, o, which are our z, r, n, so weights pass
 * through a copy with r and z exchanged; its bias has four parts, u, r, o and that of o's hidden part.
 */
final class Gru {
    /** Which of our gates r, z, n is oneDNN's u, r, o, and the other way round. */
    private static final int[] OURS = {1, 0, 2};

    private final Recipe recipe;
    private final GruSpec spec;
    private final MemorySegment attributes;
    private final long[] layerDims;
    private final long[] iterDims;
    private final MemorySegment bias;
    private final MemorySegment state;
    private final MemorySegment src;
    private final MemorySegment dst;
    private Weights layer;
    private Weights iter;

    /** One of the two matrices: its layout in the primitive and where it lies there. */
    private record Weights(MemorySegment layout, Invocation.Place place) {}

    private Gru(Recipe recipe, GruSpec spec) {
        this.recipe = recipe;
        this.spec = spec;
        Descriptors d = recipe.descriptors();
        this.attributes = d.attributes();
        this.layerDims = new long[] {1, 1, spec.i(), 3, spec.h()};
        this.iterDims = new long[] {1, 1, spec.h(), 3, spec.h()};
        this.bias = d.dense(1, 1, 4, spec.h());
        this.state = d.dense(1, 1, spec.b(), spec.h());
        this.src = d.dense(spec.t(), spec.b(), spec.i());
        this.dst = d.dense(spec.t(), spec.b(), spec.h());
        if (spec.pass() != Pass.INFERENCE) {
            MemorySegment description = hint();
            try {
                recipe.workspace(Recipe.aligned(Primitive.bytes(description, Dnnl.dnnl_query_workspace_md(), 0)));
            } finally {
                Dnnl.dnnl_primitive_desc_destroy(description);
            }
        }
    }

    static Kernel kernel(Engine engine, GruSpec spec) {
        if (spec.t() == 0 || spec.b() == 0) {
            return EmptyKernel.gru(spec);
        }
        try (Recipe recipe = new Recipe(engine, spec, engine.threads())) {
            Gru gru = new Gru(recipe, spec);
            return spec.pass() == Pass.BACKWARD ? gru.backward() : gru.forward();
        }
    }

    private MemorySegment hint() {
        return Primitive.describe(
                spec, "dnnl_lbr_gru_forward_primitive_desc_create", out -> forward(out, true, null, null));
    }

    private int forward(MemorySegment out, boolean training, Weights layer, Weights iter) {
        Descriptors d = recipe.descriptors();
        return Dnnl.dnnl_lbr_gru_forward_primitive_desc_create(
                out,
                recipe.engine(),
                training ? Dnnl.dnnl_forward_training() : Dnnl.dnnl_forward_inference(),
                Dnnl.dnnl_unidirectional_left2right(),
                src,
                state,
                layer == null ? d.any(layerDims) : layer.layout,
                iter == null ? d.any(iterDims) : iter.layout,
                bias,
                dst,
                state,
                Dnnl.dnnl_rnn_flags_undef(),
                attributes);
    }

    private Kernel forward() {
        boolean training = spec.pass() == Pass.TRAINING;
        Primitive main = recipe.divide(
                spec.b(),
                1,
                batch -> recipe.anyPrimitive(
                        "dnnl_lbr_gru_forward_primitive_desc_create", out -> forward(out, training, layer, iter)),
                call -> {
                    inputs(call);
                    call.with(Dnnl.DNNL_ARG_DST_LAYER(), "dst").with(Dnnl.DNNL_ARG_DST_ITER(), "hn");
                    if (training) {
                        call.with(Dnnl.DNNL_ARG_WORKSPACE(), "workspace");
                    }
                });
        return recipe.kernel(main);
    }

    /** The arguments that all passes read; the primitive chooses the layouts of the weights. */
    private void inputs(Recipe.Call call) {
        layer = exchanged(call.layout(Dnnl.DNNL_ARG_WEIGHTS_LAYER()), layerDims, "weightsIh");
        iter = exchanged(call.layout(Dnnl.DNNL_ARG_WEIGHTS_ITER()), iterDims, "weightsHh");
        call.with(Dnnl.DNNL_ARG_SRC_LAYER(), "src")
                .with(Dnnl.DNNL_ARG_SRC_ITER(), "h0")
                .with(Dnnl.DNNL_ARG_WEIGHTS_LAYER(), layer.place)
                .with(Dnnl.DNNL_ARG_WEIGHTS_ITER(), iter.place)
                .with(Dnnl.DNNL_ARG_BIAS(), biases());
    }

    private Weights exchanged(MemorySegment layout, long[] dims, String operand) {
        Invocation.Place from = recipe.operand(operand);
        Invocation.Place turned = recipe.temporary(from.bytes());
        recipe.run(frame -> exchange(from.address(frame), turned.address(frame), dims[2]));
        Invocation.Place place = recipe.temporary(Descriptors.bytes(layout));
        recipe.run(recipe.reorder(rows(dims), layout))
                .with(Dnnl.DNNL_ARG_FROM(), turned)
                .with(Dnnl.DNNL_ARG_TO(), place);
        return new Weights(layout, place);
    }

    /** Three gates of [h, inputs], the first two exchanged. */
    private void exchange(long from, long to, long inputs) {
        long gate = spec.h() * inputs;
        for (int g = 0; g < 3; g++) {
            Rows.copy(from + OURS[g] * gate * Float.BYTES, to + g * gate * Float.BYTES, gate);
        }
    }

    /** [3h, inputs] seen as oneDNN's layers, directions, inputs, gates, outputs. */
    private MemorySegment rows(long[] dims) {
        long inputs = dims[2];
        long h = spec.h();
        long all = 3 * h * inputs;
        return recipe.descriptors().strided(dims, new long[] {all, all, 1, h * inputs, inputs});
    }

    /** u and r have the sum of both biases, o that of the inputs, and the fourth is the hidden one of o. */
    private Invocation.Place biases() {
        Invocation.Place ih = recipe.operand("biasIh");
        Invocation.Place hh = recipe.operand("biasHh");
        Invocation.Place all = recipe.temporary(4L * spec.h() * Float.BYTES);
        long h = spec.h();
        recipe.run(frame -> {
            long to = all.address(frame);
            for (int g = 0; g < 2; g++) {
                for (long k = 0; k < h; k++) {
                    long at = OURS[g] * h + k;
                    Raw.f32(to, g * h + k, Raw.f32(ih.address(frame), at) + Raw.f32(hh.address(frame), at));
                }
            }
            long last = 2 * h * Float.BYTES;
            Rows.copy(ih.address(frame) + last, to + last, h);
            Rows.copy(hh.address(frame) + last, to + last + h * Float.BYTES, h);
        });
        return all;
    }

    private Kernel backward() {
        Gradients gradients = new Gradients();
        Invocation.Place last = recipe.operand("dst").from((spec.t() - 1L) * spec.b() * spec.h() * Float.BYTES);
        // The primitive cannot leave it out.
        Invocation.Place diffSrc = spec.constantSrc()
                ? recipe.temporary((long) spec.t() * spec.b() * spec.i() * Float.BYTES)
                : recipe.operand("diffSrc");
        Primitive main = recipe.divide(spec.b(), 1, batch -> backwardPrimitive(), call -> {
            inputs(call);
            gradients.place(call);
            call.with(Dnnl.DNNL_ARG_DST_LAYER(), "dst")
                    .with(Dnnl.DNNL_ARG_DST_ITER(), last)
                    .with(Dnnl.DNNL_ARG_WORKSPACE(), "workspace")
                    .with(Dnnl.DNNL_ARG_DIFF_DST_LAYER(), "diffDst")
                    .with(Dnnl.DNNL_ARG_DIFF_DST_ITER(), "diffHn")
                    .with(Dnnl.DNNL_ARG_DIFF_SRC_LAYER(), diffSrc)
                    .with(Dnnl.DNNL_ARG_DIFF_SRC_ITER(), "diffH0")
                    .with(Dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER(), gradients.layer.place)
                    .with(Dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER(), gradients.iter.place)
                    .with(Dnnl.DNNL_ARG_DIFF_BIAS(), gradients.bias);
        });
        gradients.collect();
        return recipe.kernel(main);
    }

    private Primitive backwardPrimitive() {
        Descriptors d = recipe.descriptors();
        MemorySegment hint = hint();
        try {
            return recipe.anyPrimitive(
                    "dnnl_lbr_gru_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_lbr_gru_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_backward(),
                            Dnnl.dnnl_unidirectional_left2right(),
                            src,
                            state,
                            d.any(layerDims),
                            d.any(iterDims),
                            bias,
                            dst,
                            state,
                            src,
                            state,
                            d.any(layerDims),
                            d.any(iterDims),
                            bias,
                            dst,
                            state,
                            Dnnl.dnnl_rnn_flags_undef(),
                            hint,
                            attributes));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** Gradients of weights and biases; oneDNN adds to what is there, so they begin as 0. */
    private final class Gradients {
        private Weights layer;
        private Weights iter;
        private Invocation.Place bias;

        private void place(Recipe.Call call) {
            layer = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER()));
            iter = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER()));
            bias = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_BIAS())).place;
        }

        private Weights zeroed(MemorySegment layout) {
            Invocation.Place place = recipe.temporary(Descriptors.bytes(layout));
            recipe.run(frame -> Rows.zero(place.address(frame), place.bytes() / Float.BYTES));
            return new Weights(layout, place);
        }

        private void collect() {
            exchanged(layer, layerDims, "diffWeightsIh");
            exchanged(iter, iterDims, "diffWeightsHh");
            Invocation.Place ih = recipe.operand("diffBiasIh");
            Invocation.Place hh = recipe.operand("diffBiasHh");
            long gate = (long) spec.h() * Float.BYTES;
            recipe.run(frame -> {
                long from = bias.address(frame);
                exchange(from, ih.address(frame), 1);
                exchange(from, hh.address(frame), 1);
                Rows.copy(from + 3 * gate, hh.address(frame) + 2 * gate, spec.h());
            });
        }

        private void exchanged(Weights from, long[] dims, String operand) {
            Invocation.Place to = recipe.operand(operand);
            Invocation.Place turned = recipe.temporary(to.bytes());
            recipe.run(recipe.reorder(from.layout, rows(dims)))
                    .with(Dnnl.DNNL_ARG_FROM(), from.place)
                    .with(Dnnl.DNNL_ARG_TO(), turned);
            recipe.run(frame -> exchange(turned.address(frame), to.address(frame), dims[2]));
        }
    }
}
