package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Scope;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import java.lang.foreign.MemorySegment;

/**
 * Convolution on NHWC images and OHWI filters: oneDNN's logical order is N C H W and (G) O I H W, ours is in the
 * strides. No fast implementation takes OHWI filters as they lie (3.11 answers {@code ref:any} in all directions), so
 * they are copied at each call into the layout that the primitive asks for, and filter gradients back.
 *
 * <p>Images are divided among the threads of the pool, each running a primitive made for one thread. Against OpenMP
 * inside one primitive, on ResNet-20's layers and two cores, that is as fast forward and backward to the data, and 1.4
 * to 5 times as fast backward to the weights, whose OpenMP threads wait for each other in spin barriers.
 */
final class Convolution {
    /** Above this, summing the gradients of all pieces costs more than OpenMP's barriers. */
    private static final long DIVIDED_WEIGHTS_BYTES = 1 << 20;

    /**
     * Forward on fewer images than threads is left to OpenMP from here on. Its threads sleep between two primitives, and a
     * primitive that wakes them took 15 us more: 0.3 MFLOP on two threads 17 us and 4.7 MFLOP 42, on one 3 and 24.
     */
    private static final double OPENMP_FLOPS = 5e6;

    private final Recipe recipe;
    private final ConvSpec spec;
    private final MemorySegment ours;
    private final MemorySegment attributes;
    private final int pieces;
    private final int dstSlot;

    /** Layout of the filters that the primitives use: any, until the first one has chosen. */
    private MemorySegment layout;

    /** Where the filters lie in that layout. */
    private Invocation.Place filters;

    private Convolution(Recipe recipe, ConvSpec spec, int pieces) {
        this.recipe = recipe;
        this.spec = spec;
        this.pieces = pieces;
        this.dstSlot = spec.operands().size() - 1;
        this.ours = ConvGeometry.ourWeights(recipe.descriptors(), spec);
        this.layout = ConvGeometry.anyWeights(recipe.descriptors(), spec);
        boolean function = spec.activation().kind() != Activation.Kind.IDENTITY && !relu();
        this.attributes = function
                ? recipe.descriptors().attributes(new Descriptors.PostOp.Function(Eltwise.of(spec.activation())))
                : recipe.descriptors().attributes();
    }

    static Kernel kernel(Engine engine, ConvSpec spec) {
        if ((long) spec.n() * spec.h() * spec.w() == 0 || (long) spec.oh() * spec.ow() == 0) {
            return EmptyKernel.conv(spec);
        }
        boolean divided = spec.n() >= engine.threads()
                && (spec.direction() != ConvSpec.Direction.BACKWARD_WEIGHTS
                        || ConvGeometry.weightsBytes(spec) <= DIVIDED_WEIGHTS_BYTES);
        boolean alone = spec.direction() == ConvSpec.Direction.FORWARD && spec.flops() < OPENMP_FLOPS;
        return kernel(engine, spec, divided ? engine.threads() : 1, divided || alone ? 1 : engine.threads());
    }

    /** In so many pieces, by primitives made for so many OpenMP threads. */
    private static Kernel kernel(Engine engine, ConvSpec spec, int pieces, int threads) {
        try (Recipe recipe = new Recipe(engine, spec, threads)) {
            Convolution convolution = new Convolution(recipe, spec, pieces);
            return switch (spec.direction()) {
                case FORWARD -> convolution.forward();
                case BACKWARD_DATA -> convolution.backwardData();
                case BACKWARD_WEIGHTS -> convolution.backwardWeights();
            };
        }
    }

    private boolean relu() {
        return spec.activation().kind() == Activation.Kind.RELU;
    }

    private Kernel forward() {
        Primitive main = recipe.divide(
                spec.n(),
                pieces,
                images -> {
                    ConvGeometry g = new ConvGeometry(recipe.descriptors(), spec, images);
                    return recipe.primitive(
                            "dnnl_convolution_forward_primitive_desc_create",
                            out -> g.forward(out, recipe.engine(), layout, attributes));
                },
                call -> {
                    readFilters(call);
                    call.part(Dnnl.DNNL_ARG_SRC(), "src", srcImage())
                            .with(Dnnl.DNNL_ARG_WEIGHTS(), filters)
                            .part(Dnnl.DNNL_ARG_DST(), "dst", dstImage());
                    if (spec.bias()) {
                        call.with(Dnnl.DNNL_ARG_BIAS(), "bias");
                    }
                },
                relu() ? this::rectify : null);
        if (relu() && pieces == 1) {
            recipe.run(Relu.dense(dstSlot, spec.n() * dstImage() / Float.BYTES).step(recipe.workers()));
        }
        return recipe.kernel(main);
    }

    private void rectify(long[] frame, long image, long images) {
        Relu.run(frame[dstSlot] + image * dstImage(), images * dstImage() / Float.BYTES);
    }

    private Kernel backwardData() {
        return recipe.kernel(recipe.divide(
                spec.n(),
                pieces,
                images -> backward(
                        images,
                        "dnnl_convolution_backward_data_primitive_desc_create",
                        (g, out, hint) -> g.backwardData(out, recipe.engine(), layout, hint, attributes)),
                call -> {
                    readFilters(call);
                    call.part(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst", dstImage())
                            .with(Dnnl.DNNL_ARG_WEIGHTS(), filters)
                            .part(Dnnl.DNNL_ARG_DIFF_SRC(), "diffSrc", srcImage());
                }));
    }

    private Kernel backwardWeights() {
        long biasBytes = (long) spec.oc() * Float.BYTES;
        Invocation.Place bias = !spec.bias()
                ? null
                : pieces == 1 ? recipe.operand("diffBias") : recipe.temporary(pieces * Scope.aligned(biasBytes));
        Primitive main = recipe.divide(
                spec.n(),
                pieces,
                images -> backward(
                        images,
                        "dnnl_convolution_backward_weights_primitive_desc_create",
                        (g, out, hint) -> g.backwardWeights(out, recipe.engine(), layout, hint, attributes)),
                call -> {
                    if (filters == null) {
                        layout = call.layout(Dnnl.DNNL_ARG_DIFF_WEIGHTS());
                        filters = recipe.temporary(pieces * Scope.aligned(Descriptors.bytes(layout)));
                    }
                    call.part(Dnnl.DNNL_ARG_SRC(), "src", srcImage())
                            .part(Dnnl.DNNL_ARG_DIFF_DST(), "diffDst", dstImage())
                            .each(Dnnl.DNNL_ARG_DIFF_WEIGHTS(), filters, filters.bytes() / pieces);
                    if (spec.bias()) {
                        call.each(Dnnl.DNNL_ARG_DIFF_BIAS(), bias, Scope.aligned(biasBytes));
                    }
                });
        if (pieces > 1) {
            recipe.run(Sums.step(recipe.workers(), filters, pieces));
            if (spec.bias()) {
                recipe.run(Sums.step(recipe.workers(), bias, pieces));
                int slot = recipe.operand("diffBias").slot();
                recipe.run(frame -> Rows.copy(bias.address(frame), frame[slot], spec.oc()));
            }
        }
        recipe.run(recipe.reorder(layout, ours))
                .with(Dnnl.DNNL_ARG_FROM(), filters)
                .with(Dnnl.DNNL_ARG_TO(), "diffWeights");
        return recipe.kernel(main);
    }

    /** The first primitive chooses the layout, and a step before it copies the filters there. */
    private void readFilters(Recipe.Call call) {
        if (filters == null) {
            layout = call.layout(Dnnl.DNNL_ARG_WEIGHTS());
            filters = recipe.temporary(Descriptors.bytes(layout));
            recipe.run(recipe.reorder(ours, layout))
                    .with(Dnnl.DNNL_ARG_FROM(), "weights")
                    .with(Dnnl.DNNL_ARG_TO(), filters);
        }
    }

    private interface Backward {
        int create(ConvGeometry g, MemorySegment out, MemorySegment hint);
    }

    /** oneDNN chooses a backward convolution with a look at the forward one. */
    private Primitive backward(long images, String call, Backward creation) {
        ConvGeometry g = new ConvGeometry(recipe.descriptors(), spec, images);
        MemorySegment any = ConvGeometry.anyWeights(recipe.descriptors(), spec);
        MemorySegment hint = Primitive.describe(
                spec,
                "dnnl_convolution_forward_primitive_desc_create",
                out -> g.forward(out, recipe.engine(), any, attributes));
        try {
            return recipe.primitive(call, out -> creation.create(g, out, hint));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    private long srcImage() {
        return (long) spec.h() * spec.w() * spec.ic() * Float.BYTES;
    }

    private long dstImage() {
        return (long) spec.oh() * spec.ow() * spec.oc() * Float.BYTES;
    }
}
