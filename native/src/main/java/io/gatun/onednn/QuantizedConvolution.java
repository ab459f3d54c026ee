package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.QuantizedConvSpec;
import java.lang.foreign.MemorySegment;

/**
 * Convolution of bytes as oneDNN's convolution of u8 and s8, or as its matmul where each pixel is multiplied by itself.
 * Filters are copied at each call into the layout that the primitive asks for, which also holds their sums for the zero
 * point. Matrices are read as they lie: such a copy of 1024x1024 took longer than 256 rows times it. Images, or rows, are
 * divided among the threads of the pool as in {@link Convolution}.
 *
 * <p>ReLU comes behind, as elsewhere here: oneDNN's would turn the NaN of a scale into 0.
 */
final class QuantizedConvolution {
    /** Multiply-adds of a piece for another thread, 10 us at 1 TOP/s. */
    private static final double PIECE_FLOPS = 1e7;

    private final Recipe recipe;
    private final ConvSpec conv;

    /** Layout of the weights that the primitives use: any, until the first one has chosen. */
    private MemorySegment layout;

    private Invocation.Place weights;

    private QuantizedConvolution(Recipe recipe, ConvSpec conv) {
        this.recipe = recipe;
        this.conv = conv;
    }

    static Kernel kernel(Engine engine, QuantizedConvSpec spec) {
        if (!Isa.addsBytesExactly()) {
            throw new Refusal("without VNNI oneDNN adds pairs of products in 16 bits, which saturate");
        }
        ConvSpec conv = spec.conv();
        if ((long) conv.n() * conv.oh() * conv.ow() == 0) {
            return EmptyKernel.nothing();
        }
        if ((long) conv.h() * conv.w() == 0) {
            throw new Refusal("the images have no pixels, only padding");
        }
        boolean matrix = spec.pixelwise();
        long units = matrix ? (long) conv.n() * conv.h() * conv.w() : conv.n();
        boolean divided = spec.flops() >= 2 * PIECE_FLOPS && units >= engine.threads();
        try (Recipe recipe = new Recipe(engine, spec, divided || matrix ? 1 : engine.threads())) {
            QuantizedConvolution made = new QuantizedConvolution(recipe, conv);
            int pieces = divided ? engine.threads() : 1;
            return matrix ? made.matrix(units, pieces) : made.images(pieces);
        }
    }

    private Kernel images(int pieces) {
        Descriptors d = recipe.descriptors();
        layout = ConvGeometry.anyWeights(d, conv, Dnnl.dnnl_s8());
        MemorySegment ours = ConvGeometry.ourWeights(d, conv, Dnnl.dnnl_s8());
        MemorySegment attributes = d.quantized(conv.groups() == 1 ? 1 : 3);
        return kernel(recipe.divide(
                conv.n(),
                pieces,
                images -> {
                    ConvGeometry g = new ConvGeometry(d, conv, images, Dnnl.dnnl_u8());
                    return recipe.primitive(
                            "dnnl_convolution_forward_primitive_desc_create",
                            out -> g.forward(out, recipe.engine(), layout, attributes));
                },
                call -> bind(
                        call,
                        ours,
                        (long) conv.h() * conv.w() * conv.ic(),
                        (long) conv.oh() * conv.ow() * conv.oc() * Float.BYTES)));
    }

    private Kernel matrix(long rows, int pieces) {
        Descriptors d = recipe.descriptors();
        long in = conv.ic();
        long out = conv.oc();
        layout = d.strided(Dnnl.dnnl_s8(), new long[] {in, out}, new long[] {1, in});
        weights = recipe.operand("weights");
        MemorySegment attributes = d.quantized(2);
        MemorySegment bias = conv.bias() ? d.dense(1, out) : MemorySegment.NULL;
        return kernel(recipe.divide(
                rows,
                pieces,
                count -> {
                    MemorySegment src = d.strided(Dnnl.dnnl_u8(), new long[] {count, in}, new long[] {in, 1});
                    MemorySegment dst = d.dense(count, out);
                    return recipe.primitive(
                            "dnnl_matmul_primitive_desc_create",
                            made -> Dnnl.dnnl_matmul_primitive_desc_create(
                                    made, recipe.engine(), src, layout, bias, dst, attributes));
                },
                call -> bind(call, layout, in, out * Float.BYTES)));
    }

    /** The first primitive chooses the layout of the weights, and a step before it copies them there. */
    private void bind(Recipe.Call call, MemorySegment ours, long srcUnit, long dstUnit) {
        if (weights == null) {
            layout = call.layout(Dnnl.DNNL_ARG_WEIGHTS());
            weights = recipe.temporary(Descriptors.bytes(layout));
            recipe.run(recipe.reorder(ours, layout))
                    .with(Dnnl.DNNL_ARG_FROM(), "weights")
                    .with(Dnnl.DNNL_ARG_TO(), weights);
        }
        call.part(Dnnl.DNNL_ARG_SRC(), "src", srcUnit)
                .with(Dnnl.DNNL_ARG_WEIGHTS(), weights)
                .part(Dnnl.DNNL_ARG_DST(), "dst", dstUnit)
                .vector(Dnnl.DNNL_ARG_ATTR_SCALES() | Dnnl.DNNL_ARG_SRC(), "scale", Dnnl.dnnl_f32(), 1)
                .vector(
                        Dnnl.DNNL_ARG_ATTR_SCALES() | Dnnl.DNNL_ARG_WEIGHTS(),
                        "weightScales",
                        Dnnl.dnnl_f32(),
                        conv.oc())
                .vector(Dnnl.DNNL_ARG_ATTR_ZERO_POINTS() | Dnnl.DNNL_ARG_SRC(), "zeroPoint", Dnnl.dnnl_s32(), 1);
        if (conv.bias()) {
            call.with(Dnnl.DNNL_ARG_BIAS(), "bias");
        }
    }

    /** @throws Refusal on AMX tiles, where the bits of oneDNN 3.11 are not those that the spec promises */
    private Kernel kernel(Primitive main) {
        if (Isa.usesTiles(main)) {
            throw new Refusal("oneDNN's kernel of bytes on AMX tiles (" + main.implementation()
                    + ") has other bits than every other kernel");
        }
        if (conv.activation().kind() == Activation.Kind.RELU) {
            long floats = (long) conv.n() * conv.oh() * conv.ow() * conv.oc();
            recipe.run(Relu.dense(recipe.operand("dst").slot(), floats).step(recipe.workers()));
        }
        return recipe.kernel(main);
    }
}
