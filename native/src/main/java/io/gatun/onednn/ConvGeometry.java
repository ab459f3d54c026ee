package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.spec.ConvSpec;
import java.lang.foreign.MemorySegment;

/** The layouts of one convolution on some of its images, the same for all three directions. */
final class ConvGeometry {
    final MemorySegment src;
    final MemorySegment dst;
    final MemorySegment bias;
    final MemorySegment strides;
    final MemorySegment dilation;
    final MemorySegment before;
    final MemorySegment after;

    ConvGeometry(Descriptors descriptors, ConvSpec spec, long images) {
        this(descriptors, spec, images, Dnnl.dnnl_f32());
    }

    /** With src of another type of oneDNN's. */
    ConvGeometry(Descriptors descriptors, ConvSpec spec, long images, int srcType) {
        src = images(descriptors, srcType, images, spec.h(), spec.w(), spec.ic());
        dst = images(descriptors, Dnnl.dnnl_f32(), images, spec.oh(), spec.ow(), spec.oc());
        bias = spec.bias() ? descriptors.dense(spec.oc()) : MemorySegment.NULL;
        strides = descriptors.longs(spec.sh(), spec.sw());
        dilation = descriptors.longs(spec.dh() - 1L, spec.dw() - 1L);
        before = descriptors.longs(spec.ph(), spec.pw());
        after = descriptors.longs(spec.pb(), spec.pr());
    }

    /** N C H W in oneDNN's order, N H W C in memory. */
    private static MemorySegment images(Descriptors descriptors, int type, long n, long h, long w, long c) {
        return descriptors.strided(type, new long[] {n, c, h, w}, new long[] {h * w * c, 1, w * c, c});
    }

    /** Filters in any layout: O I H W, with G before it where there are groups. */
    static MemorySegment anyWeights(Descriptors descriptors, ConvSpec spec) {
        return anyWeights(descriptors, spec, Dnnl.dnnl_f32());
    }

    static MemorySegment anyWeights(Descriptors descriptors, ConvSpec spec, int type) {
        return descriptors.anyOf(type, weightsDims(spec));
    }

    /** Filters as ours lie: O H W I. */
    static MemorySegment ourWeights(Descriptors descriptors, ConvSpec spec) {
        return ourWeights(descriptors, spec, Dnnl.dnnl_f32());
    }

    static MemorySegment ourWeights(Descriptors descriptors, ConvSpec spec, int type) {
        long i = spec.ic() / spec.groups();
        long row = spec.kw() * i;
        long filter = spec.kh() * row;
        long group = spec.oc() / spec.groups() * filter;
        return descriptors.strided(
                type,
                weightsDims(spec),
                spec.groups() == 1 ? new long[] {filter, 1, row, i} : new long[] {group, filter, 1, row, i});
    }

    private static long[] weightsDims(ConvSpec spec) {
        long g = spec.groups();
        long o = spec.oc() / g;
        long i = spec.ic() / g;
        return g == 1 ? new long[] {o, i, spec.kh(), spec.kw()} : new long[] {g, o, i, spec.kh(), spec.kw()};
    }

    static long weightsBytes(ConvSpec spec) {
        return (long) spec.oc() * spec.kh() * spec.kw() * (spec.ic() / spec.groups()) * Float.BYTES;
    }

    /** Creates the description of the forward convolution. */
    int forward(MemorySegment out, MemorySegment engine, MemorySegment weights, MemorySegment attributes) {
        return Dnnl.dnnl_convolution_forward_primitive_desc_create(
                out,
                engine,
                Dnnl.dnnl_forward_training(),
                Dnnl.dnnl_convolution_direct(),
                src,
                weights,
                bias,
                dst,
                strides,
                dilation,
                before,
                after,
                attributes);
    }

    /** Creates the description of the backward convolution to the data. */
    int backwardData(
            MemorySegment out,
            MemorySegment engine,
            MemorySegment weights,
            MemorySegment hint,
            MemorySegment attributes) {
        return Dnnl.dnnl_convolution_backward_data_primitive_desc_create(
                out,
                engine,
                Dnnl.dnnl_convolution_direct(),
                src,
                weights,
                dst,
                strides,
                dilation,
                before,
                after,
                hint,
                attributes);
    }

    /** Creates the description of the backward convolution to the filters. */
    int backwardWeights(
            MemorySegment out,
            MemorySegment engine,
            MemorySegment weights,
            MemorySegment hint,
            MemorySegment attributes) {
        return Dnnl.dnnl_convolution_backward_weights_primitive_desc_create(
                out,
                engine,
                Dnnl.dnnl_convolution_direct(),
                src,
                weights,
                bias,
                dst,
                strides,
                dilation,
                before,
                after,
                hint,
                attributes);
    }
}
