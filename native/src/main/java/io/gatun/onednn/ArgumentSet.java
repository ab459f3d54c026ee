package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import io.gatun.bindings.onednn.dnnl_exec_arg_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What one running call of a kernel needs for itself: a stream, memory objects and the argument arrays that name them.
 * Setting an object's address is not thread-safe, so each call takes a set from its kernel's pool and gives it back.
 */
final class ArgumentSet implements AutoCloseable {
    private final MemorySegment stream;
    private final MemorySegment[] primitives;
    private final MemorySegment[] arguments;
    private final int[] counts;
    private final MemorySegment[] memories;
    private final long[] handles;
    private final int[] slots;
    private final long[] offsets;
    private final long[] current;

    ArgumentSet(Engine engine, List<Invocation> invocations, Object problem) {
        int all = invocations.stream().mapToInt(i -> i.bindings().size()).sum();
        primitives = new MemorySegment[invocations.size()];
        arguments = new MemorySegment[invocations.size()];
        counts = new int[invocations.size()];
        memories = new MemorySegment[all];
        handles = new long[all];
        slots = new int[all];
        offsets = new long[all];
        current = new long[all];
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment out = temporary.allocate(DnnlLayouts.C_POINTER);
            Status.check(
                    Dnnl.dnnl_stream_create(out, engine.handle(), Dnnl.dnnl_stream_in_order()),
                    "dnnl_stream_create",
                    problem);
            stream = out.get(DnnlLayouts.C_POINTER, 0);
            int next = 0;
            for (int i = 0; i < primitives.length; i++) {
                Invocation invocation = invocations.get(i);
                primitives[i] = invocation.primitive().handle();
                counts[i] = invocation.bindings().size();
                arguments[i] = engine.arena().allocate(dnnl_exec_arg_t.layout(), counts[i]);
                for (int j = 0; j < counts[i]; j++) {
                    Invocation.Binding binding = invocation.bindings().get(j);
                    Status.check(
                            Dnnl.dnnl_memory_create(
                                    out,
                                    invocation.primitive().argument(binding.key()),
                                    engine.handle(),
                                    MemorySegment.NULL),
                            "dnnl_memory_create",
                            problem);
                    memories[next] = out.get(DnnlLayouts.C_POINTER, 0);
                    handles[next] = memories[next].address();
                    slots[next] = binding.place().slot();
                    offsets[next] = binding.place().offset();
                    MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments[i], j);
                    dnnl_exec_arg_t.arg(argument, binding.key());
                    dnnl_exec_arg_t.memory(argument, memories[next]);
                    next++;
                }
            }
        }
    }

    /** Points all memory objects into the frame's buffers; those that are there already cost nothing. */
    void bind(long[] frame, Object problem) {
        for (int i = 0; i < handles.length; i++) {
            long address = frame[slots[i]] + offsets[i];
            if (address != current[i]) {
                Status.check(HotCalls.setDataHandle(handles[i], address), "dnnl_memory_set_data_handle", problem);
                current[i] = address;
            }
        }
    }

    /** Runs primitive {@code index} to its end: a CPU stream of the OpenMP build is synchronous. */
    void execute(int index, Object problem) {
        Status.check(
                Dnnl.dnnl_primitive_execute(primitives[index], stream, counts[index], arguments[index]),
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
