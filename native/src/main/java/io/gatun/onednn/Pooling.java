package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Kernel;
import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;
import java.lang.foreign.MemorySegment;

/** Average pooling of NHWC images, divided by images. */
final class Pooling {
    private static final long PIECE_BYTES = 1 << 17;

    private final Recipe recipe;
    private final PoolSpec spec;
    private final MemorySegment attributes;
    private final MemorySegment strides;
    private final MemorySegment kernel;
    private final MemorySegment dilation;
    private final MemorySegment before;
    private final MemorySegment after;

    private Pooling(Recipe recipe, PoolSpec spec) {
        this.recipe = recipe;
        this.spec = spec;
        Descriptors d = recipe.descriptors();
        attributes = d.attributes();
        strides = d.longs(spec.sh(), spec.sw());
        kernel = d.longs(spec.kh(), spec.kw());
        dilation = d.longs(0, 0);
        before = d.longs(spec.ph(), spec.pw());
        after = d.longs(below(spec), right(spec));
    }

    static Kernel kernel(Engine engine, PoolSpec spec) {
        if (spec.op() == PoolSpec.Op.MAX) {
            throw new Refusal("oneDNN's max pooling ignores NaN and its workspace is not our index plane");
        }
        int bottom = below(spec);
        int right = right(spec);
        if (Math.max(spec.ph(), bottom) >= spec.kh() || Math.max(spec.pw(), right) >= spec.kw()) {
            throw new Refusal("a window may lie wholly in the padding, which oneDNN does not define");
        }
        if (spec.op() == PoolSpec.Op.AVG_PAD && (bottom > spec.pb() || right > spec.pr())) {
            throw new Refusal("windows stick out of the padded image (ceil), and oneDNN would count what sticks out");
        }
        if ((long) spec.n() * spec.h() * spec.w() == 0 || (long) spec.oh() * spec.ow() == 0) {
            if (spec.direction() == Direction.FORWARD) {
                return EmptyKernel.nothing();
            }
            long src = (long) spec.n() * spec.h() * spec.w() * spec.c();
            return new EmptyKernel("onednn:empty", frame -> Rows.zero(frame[1], src));
        }
        try (Recipe recipe = new Recipe(engine, spec, 1)) {
            return new Pooling(recipe, spec).kernel();
        }
    }

    /** How far the last window reaches below the image: 0 or less if it ends inside. */
    private static int below(PoolSpec spec) {
        return Math.max(spec.pb(), (spec.oh() - 1) * spec.sh() + spec.kh() - spec.h() - spec.ph());
    }

    private static int right(PoolSpec spec) {
        return Math.max(spec.pr(), (spec.ow() - 1) * spec.sw() + spec.kw() - spec.w() - spec.pw());
    }

    private Kernel kernel() {
        long src = (long) spec.h() * spec.w() * spec.c() * Float.BYTES;
        long dst = (long) spec.oh() * spec.ow() * spec.c() * Float.BYTES;
        boolean forward = spec.direction() == Direction.FORWARD;
        return recipe.kernel(recipe.divide(
                spec.n(),
                recipe.pieces(spec.n(), PIECE_BYTES / src),
                images -> pool(images, forward),
                call -> call.part(
                                forward ? Dnnl.DNNL_ARG_SRC() : Dnnl.DNNL_ARG_DIFF_SRC(),
                                forward ? "src" : "diffSrc",
                                src)
                        .part(
                                forward ? Dnnl.DNNL_ARG_DST() : Dnnl.DNNL_ARG_DIFF_DST(),
                                forward ? "dst" : "diffDst",
                                dst)));
    }

    private Primitive pool(long images, boolean forward) {
        MemorySegment src = images(images, spec.h(), spec.w());
        MemorySegment dst = images(images, spec.oh(), spec.ow());
        if (forward) {
            return recipe.primitive("dnnl_pooling_forward_primitive_desc_create", out -> forward(out, src, dst));
        }
        MemorySegment hint =
                Primitive.describe(spec, "dnnl_pooling_forward_primitive_desc_create", out -> forward(out, src, dst));
        try {
            return recipe.primitive(
                    "dnnl_pooling_backward_primitive_desc_create",
                    out -> Dnnl.dnnl_pooling_backward_primitive_desc_create(
                            out,
                            recipe.engine(),
                            algorithm(),
                            src,
                            dst,
                            strides,
                            kernel,
                            dilation,
                            before,
                            after,
                            hint,
                            attributes));
        } finally {
            Dnnl.dnnl_primitive_desc_destroy(hint);
        }
    }

    private int forward(MemorySegment out, MemorySegment src, MemorySegment dst) {
        return Dnnl.dnnl_pooling_forward_primitive_desc_create(
                out,
                recipe.engine(),
                Dnnl.dnnl_forward_training(),
                algorithm(),
                src,
                dst,
                strides,
                kernel,
                dilation,
                before,
                after,
                attributes);
    }

    private int algorithm() {
        return spec.op() == PoolSpec.Op.AVG
                ? Dnnl.dnnl_pooling_avg_exclude_padding()
                : Dnnl.dnnl_pooling_avg_include_padding();
    }

    private MemorySegment images(long n, long h, long w) {
        long c = spec.c();
        return recipe.descriptors().strided(new long[] {n, c, h, w}, new long[] {h * w * c, 1, w * c, c});
    }
}
