package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the memory descriptors and attributes of one problem and destroys them when it is closed: a primitive copies
 * what it needs. Data is f32 where no type is given. Belongs to one thread.
 */
final class Descriptors implements AutoCloseable {
    private final Object problem;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
    private final List<MemorySegment> descriptors = new ArrayList<>();
    private final List<MemorySegment> attributes = new ArrayList<>();

    Descriptors(Object problem) {
        this.problem = problem;
    }

    /** Row-major, without gaps. */
    MemorySegment dense(long... dims) {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strided(dims, strides);
    }

    MemorySegment strided(long[] dims, long[] strides) {
        return strided(Dnnl.dnnl_f32(), dims, strides);
    }

    /** Elements of a type of oneDNN's. */
    MemorySegment strided(int type, long[] dims, long[] strides) {
        return own(
                Dnnl.dnnl_memory_desc_create_with_strides(out, dims.length, longs(dims), type, longs(strides)),
                "dnnl_memory_desc_create_with_strides");
    }

    /** A layout of the primitive's own choice. */
    MemorySegment any(long... dims) {
        return anyOf(Dnnl.dnnl_f32(), dims);
    }

    MemorySegment anyOf(int type, long... dims) {
        return own(
                Dnnl.dnnl_memory_desc_create_with_tag(out, dims.length, longs(dims), type, Dnnl.dnnl_format_tag_any()),
                "dnnl_memory_desc_create_with_tag");
    }

    private MemorySegment own(int status, String call) {
        Status.check(status, call, problem);
        MemorySegment descriptor = out.get(DnnlLayouts.C_POINTER, 0);
        descriptors.add(descriptor);
        return descriptor;
    }

    /** A native array, as {@code dnnl_dims_t} arguments are. */
    MemorySegment longs(long... values) {
        return arena.allocateFrom(ValueLayout.JAVA_LONG, values);
    }

    /**
     * Attributes with the scratchpad in our hands (oneDNN's own is a SIGSEGV when a primitive runs on another thread
     * than it was made on, on the AVX2 and SSE4.1 paths), deterministic, with the given post-operations.
     */
    MemorySegment attributes(PostOp... postOps) {
        Status.check(Dnnl.dnnl_primitive_attr_create(out), "dnnl_primitive_attr_create", problem);
        MemorySegment attribute = out.get(DnnlLayouts.C_POINTER, 0);
        attributes.add(attribute);
        Status.check(
                Dnnl.dnnl_primitive_attr_set_scratchpad_mode(attribute, Dnnl.dnnl_scratchpad_mode_user()),
                "dnnl_primitive_attr_set_scratchpad_mode",
                problem);
        Status.check(
                Dnnl.dnnl_primitive_attr_set_deterministic(attribute, 1),
                "dnnl_primitive_attr_set_deterministic",
                problem);
        if (postOps.length > 0) {
            append(attribute, postOps);
        }
        return attribute;
    }

    /**
     * The same for whole numbers: src has one scale and one zero point, the weights a scale for each index of the axes in
     * the mask; all are given at execution.
     */
    MemorySegment quantized(int weightAxes) {
        MemorySegment attribute = attributes();
        String scales = "dnnl_primitive_attr_set_scales_mask";
        Status.check(Dnnl.dnnl_primitive_attr_set_scales_mask(attribute, Dnnl.DNNL_ARG_SRC(), 0), scales, problem);
        Status.check(
                Dnnl.dnnl_primitive_attr_set_scales_mask(attribute, Dnnl.DNNL_ARG_WEIGHTS(), weightAxes),
                scales,
                problem);
        Status.check(
                Dnnl.dnnl_primitive_attr_set_zero_points_mask(attribute, Dnnl.DNNL_ARG_SRC(), 0),
                "dnnl_primitive_attr_set_zero_points_mask",
                problem);
        return attribute;
    }

    private void append(MemorySegment attribute, PostOp[] postOps) {
        Status.check(Dnnl.dnnl_post_ops_create(out), "dnnl_post_ops_create", problem);
        MemorySegment chain = out.get(DnnlLayouts.C_POINTER, 0);
        try {
            for (PostOp postOp : postOps) {
                Status.check(postOp.append(chain), postOp.toString(), problem);
            }
            Status.check(
                    Dnnl.dnnl_primitive_attr_set_post_ops(attribute, chain),
                    "dnnl_primitive_attr_set_post_ops",
                    problem);
        } finally {
            Dnnl.dnnl_post_ops_destroy(chain);
        }
    }

    /** Something that oneDNN does to the result before it is written. */
    sealed interface PostOp {
        int append(MemorySegment chain);

        record Function(Eltwise eltwise) implements PostOp {
            @Override
            public int append(MemorySegment chain) {
                return Dnnl.dnnl_post_ops_append_eltwise(chain, eltwise.forward(), eltwise.alpha(), eltwise.beta());
            }
        }

        /** Adds {@code scale} times what dst held before. */
        record Sum(float scale) implements PostOp {
            @Override
            public int append(MemorySegment chain) {
                return Dnnl.dnnl_post_ops_append_sum(chain, scale, 0, Dnnl.dnnl_f32());
            }
        }

        /** Adds a tensor of the given shape, given at execution. */
        record Add(MemorySegment descriptor) implements PostOp {
            @Override
            public int append(MemorySegment chain) {
                return Dnnl.dnnl_post_ops_append_binary(chain, Dnnl.dnnl_binary_add(), descriptor);
            }
        }
    }

    /**
     * Bytes from the first to behind the last byte that a tensor of this layout touches. oneDNN's own figure counts the
     * gap behind the last row as well, which a caller's buffer need not have.
     */
    static long bytes(MemorySegment descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(DnnlLayouts.C_POINTER);
            long size = Dnnl.dnnl_memory_desc_get_size(descriptor);
            boolean plain = query(descriptor, Dnnl.dnnl_query_format_kind(), value)
                    && value.get(ValueLayout.JAVA_INT, 0) == Dnnl.dnnl_blocked()
                    && query(descriptor, Dnnl.dnnl_query_inner_nblks_s32(), value)
                    && value.get(ValueLayout.JAVA_INT, 0) == 0
                    && query(descriptor, Dnnl.dnnl_query_data_type(), value)
                    && value.get(ValueLayout.JAVA_INT, 0) == Dnnl.dnnl_f32();
            if (!plain || size == 0 || !query(descriptor, Dnnl.dnnl_query_ndims_s32(), value)) {
                return size;
            }
            int rank = value.get(ValueLayout.JAVA_INT, 0);
            MemorySegment dims = array(descriptor, Dnnl.dnnl_query_padded_dims(), value);
            MemorySegment strides = array(descriptor, Dnnl.dnnl_query_strides(), value);
            long last = 0;
            for (int i = 0; i < rank; i++) {
                last += (dims.getAtIndex(ValueLayout.JAVA_LONG, i) - 1) * strides.getAtIndex(ValueLayout.JAVA_LONG, i);
            }
            return (last + 1) * Float.BYTES;
        }
    }

    private static MemorySegment array(MemorySegment descriptor, int what, MemorySegment value) {
        Status.check(
                Dnnl.dnnl_memory_desc_query_v2(descriptor, what, 0, value), "dnnl_memory_desc_query_v2", "a layout");
        return value.get(DnnlLayouts.C_POINTER, 0);
    }

    private static boolean query(MemorySegment descriptor, int what, MemorySegment value) {
        return Dnnl.dnnl_memory_desc_query_v2(descriptor, what, 0, value) == Dnnl.dnnl_success();
    }

    @Override
    public void close() {
        descriptors.forEach(Dnnl::dnnl_memory_desc_destroy);
        attributes.forEach(Dnnl::dnnl_primitive_attr_destroy);
        arena.close();
    }
}
