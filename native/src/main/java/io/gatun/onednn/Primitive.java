package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A primitive with the description it was made from. Immutable; running it is safe on any thread, as its scratchpad
 * comes from the caller.
 *
 * @param implementation oneDNN's name of what was chosen, {@code jit:avx512_core}
 * @param scratchpadBytes what one execution needs
 */
record Primitive(MemorySegment description, MemorySegment handle, String implementation, long scratchpadBytes)
        implements AutoCloseable {

    /** One of the {@code dnnl_*_primitive_desc_create} functions with all but its first argument. */
    @FunctionalInterface
    interface Creation {
        int create(MemorySegment description);
    }

    /** Makes the description alone: chosen, but nothing compiled. */
    static MemorySegment describe(Object problem, String call, Creation creation) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
            Status.checkOffered(creation.create(out), call, problem);
            return out.get(DnnlLayouts.C_POINTER, 0);
        }
    }

    /** Compiles what was described; the description belongs to the primitive from then on. */
    static Primitive make(Object problem, MemorySegment description) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
            Status.checkOffered(Dnnl.dnnl_primitive_create(out, description), "dnnl_primitive_create", problem);
            return new Primitive(
                    description,
                    out.get(DnnlLayouts.C_POINTER, 0),
                    implementation(description),
                    bytes(description, Dnnl.dnnl_query_scratchpad_md(), 0));
        }
    }

    static String implementation(MemorySegment description) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
            Status.check(
                    Dnnl.dnnl_primitive_desc_query(description, Dnnl.dnnl_query_impl_info_str(), 0, out),
                    "dnnl_query_impl_info_str",
                    "a primitive");
            return out.get(DnnlLayouts.C_POINTER, 0).getString(0);
        }
    }

    /** The layout of one tensor, owned by the description; a null segment if there is no such tensor. */
    static MemorySegment layout(MemorySegment description, int what, int index) {
        return Dnnl.dnnl_primitive_desc_query_md(description, what, index);
    }

    /** The layout of one execution argument. */
    MemorySegment argument(int key) {
        return layout(description, Dnnl.dnnl_query_exec_arg_md(), key);
    }

    /** Bytes that a tensor of this primitive takes; 0 if there is none. */
    static long bytes(MemorySegment description, int what, int index) {
        MemorySegment layout = layout(description, what, index);
        return MemorySegment.NULL.equals(layout) ? 0 : Dnnl.dnnl_memory_desc_get_size(layout);
    }

    @Override
    public void close() {
        Dnnl.dnnl_primitive_destroy(handle);
        Dnnl.dnnl_primitive_desc_destroy(description);
    }
}
