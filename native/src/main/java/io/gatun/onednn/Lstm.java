package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Scope;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;
import java.lang.foreign.MemorySegment;

/**
 * LSTM over a whole sequence; gates in the order i, f, c, o, which is PyTorch's. Weights are copied at each call from
 * our [4h, i] into what the primitive asks for, their gradients back.
 *
 * <p>Backward needs cn, which our spec does not pass: training keeps a copy of it behind oneDNN's workspace.
 */
final class Lstm {
    /** The second-level cache of today's server cores. */
    private static final long DIVIDED_WEIGHTS_BYTES = 1 << 20;

    private final Recipe recipe;
    private final LstmSpec spec;
    private final MemorySegment attributes;
    private final int pieces;
    private final long[] layerDims;
    private final long[] iterDims;
    private final MemorySegment bias;

    /** Bytes of one piece's workspace, 64-byte aligned. */
    private final long workspace;

    private Weights layer;
    private Weights iter;

    /** One of the two matrices: its layout in the primitive and where it lies there. */
    private record Weights(MemorySegment layout, Invocation.Place place) {}

    private Lstm(Recipe recipe, LstmSpec spec, int pieces) {
        this.recipe = recipe;
        this.spec = spec;
        this.attributes = recipe.descriptors().attributes();
        this.layerDims = new long[] {1, 1, spec.i(), 4, spec.h()};
        this.iterDims = new long[] {1, 1, spec.h(), 4, spec.h()};
        this.bias = recipe.descriptors().dense(1, 1, 4, spec.h());
        this.pieces = pieces;
        this.workspace = spec.pass() == Pass.INFERENCE ? 0 : Scope.aligned(workspaceBytes());
        if (spec.pass() != Pass.INFERENCE) {
            recipe.workspace(pieces * workspace + state());
        }
    }

    static Kernel kernel(Engine engine, LstmSpec spec) {
        if (spec.t() == 0 || spec.b() == 0) {
            return EmptyKernel.lstm(spec);
        }
        boolean divided = divided(spec, engine.threads());
        try (Recipe recipe = new Recipe(engine, spec, divided ? 1 : engine.threads())) {
            Lstm lstm = new Lstm(recipe, spec, divided ? engine.threads() : 1);
            return spec.pass() == Pass.BACKWARD ? lstm.backward() : lstm.forward();
        }
    }

    /**
     * Whether each thread takes some sequences (about 1.4 times as fast at i=64, h=128, b=32) or OpenMP divides each
     * product (about 1.3 times as fast at i=h=512; both measured on a loaded machine): with a piece of the batch each,
     * every thread reads all weights at every step, which must then stay in its cache. Pieces are equal: the AVX2 cells
     * made for another size in a given layout of the weights refuse to run.
     */
    private static boolean divided(LstmSpec spec, int threads) {
        return spec.b() % threads == 0 && 16L * spec.h() * (spec.i() + spec.h()) <= DIVIDED_WEIGHTS_BYTES;
    }

    private long state() {
        return (long) spec.b() * spec.h() * Float.BYTES;
    }

    private long workspaceBytes() {
        long largest = (spec.b() + pieces - 1) / pieces;
        MemorySegment description = hint(largest);
        try {
            return Primitive.bytes(description, Dnnl.dnnl_query_workspace_md(), 0);
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(description);
        }
    }

    private MemorySegment hint(long batch) {
        return Primitive.describe(
                spec, "dnnl_lstm_forward_primitive_desc_create", out -> forward(out, batch, true, null, null));
    }

    private int forward(MemorySegment out, long batch, boolean training, Weights layer, Weights iter) {
        Descriptors d = recipe.descriptors();
        MemorySegment state = d.dense(1, 1, batch, spec.h());
        return Dnnl.dnnl_lstm_forward_primitive_desc_create(
                out,
                recipe.engine(),
                training ? Dnnl.dnnl_forward_training() : Dnnl.dnnl_forward_inference(),
                Dnnl.dnnl_unidirectional_left2right(),
                sequence(batch, spec.i()),
                state,
                state,
                layer == null ? d.any(layerDims) : layer.layout,
                iter == null ? d.any(iterDims) : iter.layout,
                MemorySegment.NULL,
                MemorySegment.NULL,
                bias,
                sequence(batch, spec.h()),
                state,
                state,
                Dnnl.dnnl_rnn_flags_undef(),
                attributes);
    }

    /** Some sequences of the batch: [t, batch, features], rows of all of the batch lying between two steps. */
    private MemorySegment sequence(long batch, long features) {
        return recipe.descriptors()
                .strided(new long[] {spec.t(), batch, features}, new long[] {spec.b() * features, features, 1});
    }

    private Kernel forward() {
        boolean training = spec.pass() == Pass.TRAINING;
        long stateRow = (long) spec.h() * Float.BYTES;
        Primitive main = recipe.divide(
                spec.b(),
                pieces,
                batch -> recipe.anyPrimitive(
                        "dnnl_lstm_forward_primitive_desc_create", out -> forward(out, batch, training, layer, iter)),
                call -> {
                    inputs(call);
                    call.part(Dnnl.DNNL_ARG_DST_LAYER(), "dst", stateRow)
                            .part(Dnnl.DNNL_ARG_DST_ITER(), "hn", stateRow)
                            .part(Dnnl.DNNL_ARG_DST_ITER_C(), "cn", stateRow);
                    if (training) {
                        call.each(Dnnl.DNNL_ARG_WORKSPACE(), recipe.operand("workspace"), workspace);
                    }
                });
        if (training) {
            Invocation.Place cn = recipe.operand("cn");
            Invocation.Place kept = recipe.operand("workspace").from(pieces * workspace);
            recipe.run(frame -> Rows.copy(cn.address(frame), kept.address(frame), (long) spec.b() * spec.h()));
        }
        return recipe.kernel(main);
    }

    /** The arguments that all passes read; the first primitive chooses the layouts of the weights. */
    private void inputs(Recipe.Call call) {
        if (layer == null) {
            layer = reordered(call.layout(Dnnl.DNNL_ARG_WEIGHTS_LAYER()), layerDims, "weightsIh");
            iter = reordered(call.layout(Dnnl.DNNL_ARG_WEIGHTS_ITER()), iterDims, "weightsHh");
        }
        long stateRow = (long) spec.h() * Float.BYTES;
        call.part(Dnnl.DNNL_ARG_SRC_LAYER(), "src", (long) spec.i() * Float.BYTES)
                .part(Dnnl.DNNL_ARG_SRC_ITER(), "h0", stateRow)
                .part(Dnnl.DNNL_ARG_SRC_ITER_C(), "c0", stateRow)
                .with(Dnnl.DNNL_ARG_WEIGHTS_LAYER(), layer.place)
                .with(Dnnl.DNNL_ARG_WEIGHTS_ITER(), iter.place)
                .with(Dnnl.DNNL_ARG_BIAS(), "bias");
    }

    private Weights reordered(MemorySegment layout, long[] dims, String operand) {
        Invocation.Place place = recipe.temporary(Descriptors.bytes(layout));
        recipe.run(recipe.reorder(ours(dims), layout))
                .with(Dnnl.DNNL_ARG_FROM(), operand)
                .with(Dnnl.DNNL_ARG_TO(), place);
        return new Weights(layout, place);
    }

    /** [4h, inputs] seen as oneDNN's layers, directions, inputs, gates, outputs. */
    private MemorySegment ours(long[] dims) {
        long inputs = dims[2];
        long h = spec.h();
        long all = 4 * h * inputs;
        return recipe.descriptors().strided(dims, new long[] {all, all, 1, h * inputs, inputs});
    }

    private Kernel backward() {
        Gradients gradients = new Gradients();
        long stateRow = (long) spec.h() * Float.BYTES;
        Invocation.Place kept = recipe.operand("workspace").from(pieces * workspace);
        Invocation.Place last = recipe.operand("dst").from((spec.t() - 1) * state());
        // The primitive cannot leave it out.
        Invocation.Place diffSrc = spec.constantSrc()
                ? recipe.temporary((long) spec.t() * spec.b() * spec.i() * Float.BYTES)
                : recipe.operand("diffSrc");
        Primitive main = recipe.divide(spec.b(), pieces, batch -> backward(batch, gradients), call -> {
            inputs(call);
            gradients.place(call);
            call.part(Dnnl.DNNL_ARG_DST_LAYER(), "dst", stateRow)
                    .part(Dnnl.DNNL_ARG_DST_ITER(), last, stateRow)
                    .part(Dnnl.DNNL_ARG_DST_ITER_C(), kept, stateRow)
                    .each(Dnnl.DNNL_ARG_WORKSPACE(), recipe.operand("workspace"), workspace)
                    .part(Dnnl.DNNL_ARG_DIFF_DST_LAYER(), "diffDst", stateRow)
                    .part(Dnnl.DNNL_ARG_DIFF_DST_ITER(), "diffHn", stateRow)
                    .part(Dnnl.DNNL_ARG_DIFF_DST_ITER_C(), "diffCn", stateRow)
                    .part(Dnnl.DNNL_ARG_DIFF_SRC_LAYER(), diffSrc, (long) spec.i() * Float.BYTES)
                    .part(Dnnl.DNNL_ARG_DIFF_SRC_ITER(), "diffH0", stateRow)
                    .part(Dnnl.DNNL_ARG_DIFF_SRC_ITER_C(), "diffC0", stateRow)
                    .each(Dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER(), gradients.layer.place, gradients.stride(gradients.layer))
                    .each(Dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER(), gradients.iter.place, gradients.stride(gradients.iter))
                    .each(Dnnl.DNNL_ARG_DIFF_BIAS(), gradients.bias, gradients.bias.bytes() / pieces);
        });
        gradients.collect();
        return recipe.kernel(main);
    }

    private Primitive backward(long batch, Gradients gradients) {
        Descriptors d = recipe.descriptors();
        MemorySegment state = d.dense(1, 1, batch, spec.h());
        MemorySegment src = sequence(batch, spec.i());
        MemorySegment dst = sequence(batch, spec.h());
        MemorySegment hint = hint(batch);
        try {
            return recipe.anyPrimitive(
                    "dnnl_lstm_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_lstm_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_backward(),
                            Dnnl.dnnl_unidirectional_left2right(),
                            src,
                            state,
                            state,
                            layer == null ? d.any(layerDims) : layer.layout,
                            iter == null ? d.any(iterDims) : iter.layout,
                            MemorySegment.NULL,
                            MemorySegment.NULL,
                            bias,
                            dst,
                            state,
                            state,
                            src,
                            state,
                            state,
                            gradients.layer == null ? d.any(layerDims) : gradients.layer.layout,
                            gradients.iter == null ? d.any(iterDims) : gradients.iter.layout,
                            MemorySegment.NULL,
                            MemorySegment.NULL,
                            bias,
                            dst,
                            state,
                            state,
                            Dnnl.dnnl_rnn_flags_undef(),
                            hint,
                            attributes));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** Gradients of weights and bias, of each piece apart; oneDNN adds to what is there, so they begin as 0. */
    private final class Gradients {
        private Weights layer;
        private Weights iter;
        private Invocation.Place bias;

        private void place(Recipe.Call call) {
            if (layer == null) {
                layer = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER()));
                iter = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER()));
                bias = zeroed(call.layout(Dnnl.DNNL_ARG_DIFF_BIAS())).place;
            }
        }

        private Weights zeroed(MemorySegment layout) {
            Invocation.Place place = recipe.temporary(pieces * Scope.aligned(Descriptors.bytes(layout)));
            recipe.run(frame -> Rows.zero(place.address(frame), place.bytes() / Float.BYTES));
            return new Weights(layout, place);
        }

        private long stride(Weights weights) {
            return weights.place.bytes() / pieces;
        }

        /** Sums the pieces and copies the sums to where the caller wants them. */
        private void collect() {
            if (pieces > 1) {
                recipe.run(Sums.step(recipe.workers(), layer.place, pieces));
                recipe.run(Sums.step(recipe.workers(), iter.place, pieces));
                recipe.run(Sums.step(recipe.workers(), bias, pieces));
            }
            recipe.run(recipe.reorder(layer.layout, ours(layerDims)))
                    .with(Dnnl.DNNL_ARG_FROM(), layer.place)
                    .with(Dnnl.DNNL_ARG_TO(), "diffWeightsIh");
            recipe.run(recipe.reorder(iter.layout, ours(iterDims)))
                    .with(Dnnl.DNNL_ARG_FROM(), iter.place)
                    .with(Dnnl.DNNL_ARG_TO(), "diffWeightsHh");
            Invocation.Place to = recipe.operand("diffBias");
            recipe.run(frame -> Rows.copy(bias.address(frame), to.address(frame), 4L * spec.h()));
        }
    }
}
