package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import io.gatun.bindings.onednn.dnnl_exec_arg_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What one running execution of a primitive needs for itself: a stream, memory objects and the argument array that
 * names them. Setting an object's address is not thread-safe, so each execution takes a set of its own.
 */
final class ArgumentSet implements AutoCloseable {
    private final MemorySegment stream;
    private final MemorySegment arguments;
    private final MemorySegment[] memories;
    private final long[] handles;
    private final long[] current;

    ArgumentSet(Engine engine, Primitive primitive, List<Invocation.Binding> bindings, Object problem) {
        int count = bindings.size();
        memories = new MemorySegment[count];
        handles = new long[count];
        current = new long[count];
        arguments = engine.arena().allocate(dnnl_exec_arg_t.layout(), count);
        try (Arena temporary = Arena.ofConfined();
                Descriptors descriptors = new Descriptors(problem)) {
            MemorySegment out = temporary.allocate(DnnlLayouts.C_POINTER);
            Status.check(
                    Dnnl.dnnl_stream_create(out, engine.handle(), Dnnl.dnnl_stream_in_order()),
                    "dnnl_stream_create",
                    problem);
            stream = out.get(DnnlLayouts.C_POINTER, 0);
            for (int i = 0; i < count; i++) {
                int key = bindings.get(i).key();
                Invocation.Vector vector = bindings.get(i).vector();
                MemorySegment layout = vector == null
                        ? primitive.argument(key)
                        : descriptors.strided(vector.type(), new long[] {vector.elements()}, new long[] {1});
                Status.check(
                        Dnnl.dnnl_memory_create(out, layout, engine.handle(), MemorySegment.NULL),
                        "dnnl_memory_create",
                        problem);
                memories[i] = out.get(DnnlLayouts.C_POINTER, 0);
                handles[i] = memories[i].address();
                MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments, i);
                dnnl_exec_arg_t.arg(argument, key);
                dnnl_exec_arg_t.memory(argument, memories[i]);
            }
        }
    }

    /** Points memory object {@code index} to a buffer; where it points already, that costs nothing. */
    void bind(int index, long address, Object problem) {
        if (address != current[index]) {
            Status.check(HotCalls.setDataHandle(handles[index], address), "dnnl_memory_set_data_handle", problem);
            current[index] = address;
        }
    }

    /** Runs the primitive to its end: a CPU stream of the OpenMP build is synchronous, there is nothing to wait for. */
    void execute(Primitive primitive, Object problem) {
        Status.check(
                Dnnl.dnnl_primitive_execute(primitive.handle(), stream, handles.length, arguments),
                "dnnl_primitive_execute",
                problem);
    }

    @Override
    public void close() {
        for (MemorySegment memory : memories) {
            Dnnl.dnnl_memory_destroy(memory);
        }
        Dnnl.dnnl_stream_destroy(stream);
    }
}
