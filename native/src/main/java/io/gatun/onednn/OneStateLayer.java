package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.memory.Scope;
import io.gatun.spec.Activation;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;

/**
 * Recurrent layers with one state over a whole sequence. GRU is the primitive that oneDNN calls linear before reset: the
 * only one where the reset gate scales the product with its bias, as PyTorch has it. Its gates are u, r, o, which are our
 * z, r, n, so weights pass through a copy with r and z exchanged; its bias has four parts, u, r, o and that of o's hidden
 * part.
 */
final class OneStateLayer {
    /**
     * Sizes, and how our operands become oneDNN's.
     *
     * @param ours which of our gates is oneDNN's first, second, …, and the other way round
     * @param merged how many gates take the sum of both biases; the others' hidden biases come behind
     */
    private record Sizes(Pass pass, int t, int b, int i, int h, boolean constantSrc, int[] ours, int merged) {
        static Sizes of(GruSpec s) {
            return new Sizes(s.pass(), s.t(), s.b(), s.i(), s.h(), s.constantSrc(), new int[] {1, 0, 2}, 2);
        }

        static Sizes of(RnnSpec s) {
            return new Sizes(s.pass(), s.t(), s.b(), s.i(), s.h(), s.constantSrc(), new int[] {0}, 1);
        }

        int gates() {
            return ours.length;
        }

        int biases() {
            return 2 * ours.length - merged;
        }
    }

    private final Spec spec;
    private final Recipe recipe;
    private final Sizes sizes;
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

    private OneStateLayer(Recipe recipe, Spec spec, Sizes sizes) {
        this.recipe = recipe;
        this.spec = spec;
        this.sizes = sizes;
        Descriptors d = recipe.descriptors();
        this.attributes = d.attributes();
        this.layerDims = new long[] {1, 1, sizes.i(), sizes.gates(), sizes.h()};
        this.iterDims = new long[] {1, 1, sizes.h(), sizes.gates(), sizes.h()};
        this.bias = d.dense(1, 1, sizes.biases(), sizes.h());
        this.state = d.dense(1, 1, sizes.b(), sizes.h());
        this.src = d.dense(sizes.t(), sizes.b(), sizes.i());
        this.dst = d.dense(sizes.t(), sizes.b(), sizes.h());
        if (sizes.pass() != Pass.INFERENCE) {
            MemorySegment description = hint();
            try {
                recipe.workspace(Scope.aligned(Primitive.bytes(description, Dnnl.dnnl_query_workspace_md(), 0)));
            } finally {
                Dnnl.dnnl_primitive_desc_destroy(description);
            }
        }
    }

    static Kernel kernel(Engine engine, GruSpec spec) {
        if (spec.t() == 0 || spec.b() == 0) {
            return EmptyKernel.oneState(spec.pass(), (long) spec.b() * spec.h(), 3L * spec.h(), spec.i(), spec.h());
        }
        return kernel(engine, spec, Sizes.of(spec));
    }

    static Kernel kernel(Engine engine, RnnSpec spec) {
        if (spec.activation().kind() == Activation.Kind.RELU) {
            throw new Refusal("oneDNN's relu makes 0 of NaN");
        }
        if (spec.t() == 0 || spec.b() == 0) {
            return EmptyKernel.oneState(spec.pass(), (long) spec.b() * spec.h(), spec.h(), spec.i(), spec.h());
        }
        return kernel(engine, spec, Sizes.of(spec));
    }

    private static Kernel kernel(Engine engine, Spec spec, Sizes sizes) {
        try (Recipe recipe = new Recipe(engine, spec, engine.threads())) {
            OneStateLayer layer = new OneStateLayer(recipe, spec, sizes);
            return sizes.pass() == Pass.BACKWARD ? layer.backward() : layer.forward();
        }
    }

    /** The name of oneDNN's function that describes the primitive. */
    private String function(String direction) {
        return "dnnl_" + (spec instanceof GruSpec ? "lbr_gru_" : "vanilla_rnn_") + direction + "_primitive_desc_create";
    }

    private MemorySegment hint() {
        return Primitive.describe(spec, function("forward"), out -> forward(out, true, null, null));
    }

    private int forward(MemorySegment out, boolean training, Weights layer, Weights iter) {
        Descriptors d = recipe.descriptors();
        int kind = training ? Dnnl.dnnl_forward_training() : Dnnl.dnnl_forward_inference();
        int direction = Dnnl.dnnl_unidirectional_left2right();
        int flags = Dnnl.dnnl_rnn_flags_undef();
        MemorySegment wl = layer == null ? d.any(layerDims) : layer.layout;
        MemorySegment wi = iter == null ? d.any(iterDims) : iter.layout;
        MemorySegment engine = recipe.engine();
        if (spec instanceof GruSpec) {
            return Dnnl.dnnl_lbr_gru_forward_primitive_desc_create(
                    out, engine, kind, direction, src, state, wl, wi, bias, dst, state, flags, attributes);
        }
        int tanh = Dnnl.dnnl_eltwise_tanh();
        return Dnnl.dnnl_vanilla_rnn_forward_primitive_desc_create(
                out, engine, kind, tanh, direction, src, state, wl, wi, bias, dst, state, flags, 0, 0, attributes);
    }

    private Kernel forward() {
        boolean training = sizes.pass() == Pass.TRAINING;
        Primitive main = recipe.divide(
                sizes.b(),
                1,
                batch -> recipe.anyPrimitive(function("forward"), out -> forward(out, training, layer, iter)),
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

    /** Gates of [h, inputs] in the other's order. */
    private void exchange(long from, long to, long inputs) {
        long gate = sizes.h() * inputs;
        for (int g = 0; g < sizes.gates(); g++) {
            Rows.copy(from + sizes.ours[g] * gate * Float.BYTES, to + g * gate * Float.BYTES, gate);
        }
    }

    /** [gates·h, inputs] seen as oneDNN's layers, directions, inputs, gates, outputs. */
    private MemorySegment rows(long[] dims) {
        long inputs = dims[2];
        long h = sizes.h();
        long all = sizes.gates() * h * inputs;
        return recipe.descriptors().strided(dims, new long[] {all, all, 1, h * inputs, inputs});
    }

    /** Merged gates have the sum of both biases, the others that of the inputs, and the hidden ones come behind. */
    private Invocation.Place biases() {
        Invocation.Place ih = recipe.operand("biasIh");
        Invocation.Place hh = recipe.operand("biasHh");
        long h = sizes.h();
        Invocation.Place all = recipe.temporary(sizes.biases() * h * Float.BYTES);
        int merged = sizes.merged();
        recipe.run(frame -> {
            long to = all.address(frame);
            for (int g = 0; g < merged; g++) {
                for (long k = 0; k < h; k++) {
                    long at = sizes.ours[g] * h + k;
                    Raw.f32(to, g * h + k, Raw.f32(ih.address(frame), at) + Raw.f32(hh.address(frame), at));
                }
            }
            long rest = (sizes.gates() - merged) * h;
            long first = merged * h * Float.BYTES;
            Rows.copy(ih.address(frame) + first, to + first, rest);
            Rows.copy(hh.address(frame) + first, to + first + rest * Float.BYTES, rest);
        });
        return all;
    }

    private Kernel backward() {
        Gradients gradients = new Gradients();
        Invocation.Place last = recipe.operand("dst").from((sizes.t() - 1L) * sizes.b() * sizes.h() * Float.BYTES);
        // The primitive cannot leave it out.
        Invocation.Place diffSrc = sizes.constantSrc()
                ? recipe.temporary((long) sizes.t() * sizes.b() * sizes.i() * Float.BYTES)
                : recipe.operand("diffSrc");
        Primitive main = recipe.divide(sizes.b(), 1, batch -> backwardPrimitive(), call -> {
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
            MemorySegment wl = d.any(layerDims);
            MemorySegment wi = d.any(iterDims);
            return recipe.anyPrimitive(function("backward"), out -> backward(out, hint, wl, wi));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** The layouts of the weights are those of their gradients. */
    private int backward(MemorySegment out, MemorySegment hint, MemorySegment wl, MemorySegment wi) {
        int kind = Dnnl.dnnl_backward();
        int direction = Dnnl.dnnl_unidirectional_left2right();
        int flags = Dnnl.dnnl_rnn_flags_undef();
        MemorySegment engine = recipe.engine();
        if (spec instanceof GruSpec) {
            return Dnnl.dnnl_lbr_gru_backward_primitive_desc_create(
                    out,
                    engine,
                    kind,
                    direction,
                    src,
                    state,
                    wl,
                    wi,
                    bias,
                    dst,
                    state,
                    src,
                    state,
                    wl,
                    wi,
                    bias,
                    dst,
                    state,
                    flags,
                    hint,
                    attributes);
        }
        int tanh = Dnnl.dnnl_eltwise_tanh();
        return Dnnl.dnnl_vanilla_rnn_backward_primitive_desc_create(
                out,
                engine,
                kind,
                tanh,
                direction,
                src,
                state,
                wl,
                wi,
                bias,
                dst,
                state,
                src,
                state,
                wl,
                wi,
                bias,
                dst,
                state,
                flags,
                0,
                0,
                hint,
                attributes);
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
            long h = sizes.h();
            recipe.run(frame -> {
                long from = bias.address(frame);
                exchange(from, ih.address(frame), 1);
                exchange(from, hh.address(frame), 1);
                long merged = sizes.merged() * h * Float.BYTES;
                long behind = sizes.gates() * h * Float.BYTES;
                Rows.copy(from + behind, hh.address(frame) + merged, (sizes.gates() - sizes.merged()) * h);
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
