package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import java.lang.foreign.MemorySegment;

/**
 * Convolution on NHWC images and OHWI filters: oneDNN's logical order is N C H W and (G) O I H W, ours is in the
 * strides. No fast implementation takes OHWI filters as they lie (3.11 answers {@code ref:any} in all directions), so
 * they are copied at each call into the layout that the primitive asks for, and filter gradients back.
 */
final class Convolution {
    private Convolution() {}

    static Kernel kernel(Engine engine, ConvSpec spec) {
        if ((long) spec.n() * spec.h() * spec.w() == 0 || (long) spec.oh() * spec.ow() == 0) {
            return EmptyKernel.conv(spec);
        }
        try (Recipe recipe = new Recipe(engine, spec)) {
            return switch (spec.direction()) {
                case FORWARD -> forward(engine, recipe, spec);
                case BACKWARD_DATA -> backwardData(recipe, spec);
                case BACKWARD_WEIGHTS -> backwardWeights(recipe, spec);
            };
        }
    }

    private static Kernel forward(Engine engine, Recipe recipe, ConvSpec spec) {
        Activation activation = spec.activation();
        boolean plain = activation.kind() == Activation.Kind.IDENTITY || activation.kind() == Activation.Kind.RELU;
        MemorySegment attributes = plain
                ? recipe.descriptors().attributes()
                : recipe.descriptors().attributes(new Descriptors.PostOp.Function(Eltwise.of(activation)));
        Geometry g = new Geometry(recipe.descriptors(), spec);
        Primitive conv = recipe.primitive(
                "dnnl_convolution_forward_primitive_desc_create",
                out -> createForward(out, recipe, g, g.anyWeights, spec.bias(), attributes));
        Invocation.Place weights = recipe.operand("weights");
        MemorySegment wanted = conv.argument(Dnnl.DNNL_ARG_WEIGHTS());
        if (!g.lies(wanted)) {
            weights = reorderTo(recipe, g, wanted);
        }
        Recipe.Step step = recipe.run(conv)
                .with(Dnnl.DNNL_ARG_SRC(), "src")
                .with(Dnnl.DNNL_ARG_WEIGHTS(), weights)
                .with(Dnnl.DNNL_ARG_DST(), "dst");
        if (spec.bias()) {
            step.with(Dnnl.DNNL_ARG_BIAS(), "bias");
        }
        if (activation.kind() == Activation.Kind.RELU) {
            recipe.run(Relu.dense(
                    engine.workers(),
                    recipe.operand("dst").slot(),
                    (long) spec.n() * spec.oh() * spec.ow() * spec.oc()));
        }
        return recipe.kernel(conv);
    }

    private static Kernel backwardData(Recipe recipe, ConvSpec spec) {
        Geometry g = new Geometry(recipe.descriptors(), spec);
        MemorySegment attributes = recipe.descriptors().attributes();
        MemorySegment hint = hint(recipe, g, false, attributes);
        try {
            Primitive conv = recipe.primitive(
                    "dnnl_convolution_backward_data_primitive_desc_create",
                    out -> Dnnl.dnnl_convolution_backward_data_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_convolution_direct(),
                            g.src,
                            g.anyWeights,
                            g.dst,
                            g.strides,
                            g.dilation,
                            g.before,
                            g.after,
                            hint,
                            attributes));
            Invocation.Place weights = recipe.operand("weights");
            MemorySegment wanted = conv.argument(Dnnl.DNNL_ARG_WEIGHTS());
            if (!g.lies(wanted)) {
                weights = reorderTo(recipe, g, wanted);
            }
            recipe.run(conv)
                    .with(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst")
                    .with(Dnnl.DNNL_ARG_WEIGHTS(), weights)
                    .with(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc");
            return recipe.kernel(conv);
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    private static Kernel backwardWeights(Recipe recipe, ConvSpec spec) {
        Geometry g = new Geometry(recipe.descriptors(), spec);
        MemorySegment attributes = recipe.descriptors().attributes();
        MemorySegment hint = hint(recipe, g, spec.bias(), attributes);
        try {
            Primitive conv = recipe.primitive(
                    "dnnl_convolution_backward_weights_primitive_desc_create",
                    out -> Dnnl.dnnl_convolution_backward_weights_primitive_desc_create(
                            out,
                            recipe.engine(),
                            Dnnl.dnnl_convolution_direct(),
                            g.src,
                            g.anyWeights,
                            spec.bias() ? g.bias : MemorySegment.NULL,
                            g.dst,
                            g.strides,
                            g.dilation,
                            g.before,
                            g.after,
                            hint,
                            attributes));
            MemorySegment wanted = conv.argument(Dnnl.DNNL_ARG_DIFF_WEIGHTS());
            boolean lies = g.lies(wanted);
            Invocation.Place weights =
                    lies ? recipe.operand("diffWeights") : recipe.temporary(Descriptors.bytes(wanted));
            Recipe.Step step = recipe.run(conv)
                    .with(Dnnl.DNNL_ARG_SRC(), "src")
                    .with(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst")
                    .with(Dnnl.DNNL_ARG_DIFF_WEIGHTS(), weights);
            if (spec.bias()) {
                step.with(Dnnl.DNNL_ARG_DIFF_BIAS(), "diffBias");
            }
            if (!lies) {
                recipe.run(recipe.reorder(wanted, g.weights))
                        .with(Dnnl.DNNL_ARG_FROM(), weights)
                        .with(Dnnl.DNNL_ARG_TO(), "diffWeights");
            }
            return recipe.kernel(conv);
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    /** Adds a step that copies the filters into the layout that the primitive wants; returns where they are then. */
    private static Invocation.Place reorderTo(Recipe recipe, Geometry g, MemorySegment wanted) {
        Invocation.Place place = recipe.temporary(Descriptors.bytes(wanted));
        recipe.run(recipe.reorder(g.weights, wanted))
                .with(Dnnl.DNNL_ARG_FROM(), "weights")
                .with(Dnnl.DNNL_ARG_TO(), place);
        return place;
    }

    /** oneDNN chooses a backward convolution with a look at the forward one. */
    private static MemorySegment hint(Recipe recipe, Geometry g, boolean bias, MemorySegment attributes) {
        return Primitive.describe(
                g.spec,
                "dnnl_convolution_forward_primitive_desc_create",
                out -> createForward(out, recipe, g, g.anyWeights, bias, attributes));
    }

    private static int createForward(
            MemorySegment out,
            Recipe recipe,
            Geometry g,
            MemorySegment weights,
            boolean bias,
            MemorySegment attributes) {
        return Dnnl.dnnl_convolution_forward_primitive_desc_create(
                out,
                recipe.engine(),
                Dnnl.dnnl_forward_training(),
                Dnnl.dnnl_convolution_direct(),
                g.src,
                weights,
                bias ? g.bias : MemorySegment.NULL,
                g.dst,
                g.strides,
                g.dilation,
                g.before,
                g.after,
                attributes);
    }

    /** The layouts of one convolution, the same for all three directions. */
    private static final class Geometry {
        private final ConvSpec spec;
        private final MemorySegment src;
        private final MemorySegment dst;
        private final MemorySegment weights;
        private final MemorySegment anyWeights;
        private final MemorySegment bias;
        private final MemorySegment strides;
        private final MemorySegment dilation;
        private final MemorySegment before;
        private final MemorySegment after;

        private Geometry(Descriptors descriptors, ConvSpec spec) {
            this.spec = spec;
            src = images(descriptors, spec.n(), spec.h(), spec.w(), spec.ic());
            dst = images(descriptors, spec.n(), spec.oh(), spec.ow(), spec.oc());
            int groups = spec.groups();
            long o = spec.oc() / groups;
            long i = spec.ic() / groups;
            long kw = spec.kw();
            long filter = spec.kh() * kw * i;
            long[] dims = groups == 1
                    ? new long[] {o, i, spec.kh(), kw}
                    : new long[] {groups, o, i, spec.kh(), kw};
            weights = descriptors.strided(
                    dims,
                    groups == 1
                            ? new long[] {filter, 1, kw * i, i}
                            : new long[] {o * filter, filter, 1, kw * i, i});
            anyWeights = descriptors.any(dims);
            bias = descriptors.dense(spec.oc());
            strides = descriptors.longs(spec.sh(), spec.sw());
            dilation = descriptors.longs(spec.dh() - 1L, spec.dw() - 1L);
            before = descriptors.longs(spec.ph(), spec.pw());
            after = descriptors.longs(spec.pb(), spec.pr());
        }

        /** Whether a layout is the one in which our filters lie. */
        private boolean lies(MemorySegment layout) {
            return Dnnl.dnnl_memory_desc_equal(layout, weights) != 0;
        }

        private static MemorySegment images(Descriptors descriptors, long n, long h, long w, long c) {
            return descriptors.strided(new long[] {n, c, h, w}, new long[] {h * w * c, 1, w * c, c});
        }
    }
}
