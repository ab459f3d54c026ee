package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gatun.bindings.cudart.CudaRt;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What was put on a stream while it was captured, ready to be launched again as one: the same kernels on the same
 * addresses. That memory must stay until this is closed, and so must the kernels' code: {@link #keeping}.
 */
public final class GraphExec implements AutoCloseable {
    private final CudaRuntime runtime;
    private final CudaStream stream;
    private final String name;
    private long handle;

    /** Only held: what is collected takes its code along. */
    private Object kept;

    private GraphExec(CudaRuntime runtime, CudaStream stream, String name, long handle) {
        this.runtime = runtime;
        this.stream = stream;
        this.name = name;
        this.handle = handle;
    }

    /**
     * Collects what {@code work} puts on the stream from this thread, and runs none of it. Nobody else may use the stream
     * meanwhile; calls that have to wait for the device fail.
     *
     * @param name what errors call it
     */
    public static GraphExec capture(CudaRuntime runtime, CudaStream stream, String name, Runnable work) {
        runtime.ready();
        MemorySegment queue = MemorySegment.ofAddress(stream.handle());
        runtime.check(
                CudaRt.cudaStreamBeginCapture(queue, CudaRt.cudaStreamCaptureModeThreadLocal()),
                "cudaStreamBeginCapture",
                "capturing " + name);
        boolean complete = false;
        MemorySegment graph = MemorySegment.NULL;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            try {
                work.run();
                complete = true;
            } finally {
                int code = runtime.lost() ? 0 : CudaRt.cudaStreamEndCapture(queue, pointer);
                graph = pointer.get(ADDRESS, 0);
                if (complete) {
                    runtime.check(code, "cudaStreamEndCapture", "capturing " + name);
                } else if (code != 0) {
                    Faults.forget();
                }
            }
            runtime.ready();
            long noFlags = 0;
            runtime.check(
                    CudaRt.cudaGraphInstantiate(pointer, graph, noFlags),
                    "cudaGraphInstantiate",
                    "making " + name + " of what was captured");
            return new GraphExec(runtime, stream, name, pointer.get(ADDRESS, 0).address());
        } finally {
            if (!graph.equals(MemorySegment.NULL) && !runtime.lost()) {
                // The executable graph is a copy. A failure here would hide the one that led here.
                CudaRt.cudaGraphDestroy(graph);
            }
        }
    }

    /** This graph, which holds what its launches stand on from now on until it is closed. */
    public GraphExec keeping(Object what) {
        kept = what;
        return this;
    }

    /** Puts all of it on the stream, in one call. The context's lock must be held where others use the stream. */
    public void launch() {
        runtime.ready();
        if (handle == 0) {
            throw new IllegalStateException(name + " was closed");
        }
        runtime.launching(name);
        runtime.check(HotCalls.graphLaunch(handle, stream.handle()), "cudaGraphLaunch", name);
    }

    /** The stream must have been waited for. */
    @Override
    public void close() {
        if (handle != 0 && !runtime.lost()) {
            runtime.ready();
            runtime.check(
                    CudaRt.cudaGraphExecDestroy(MemorySegment.ofAddress(handle)),
                    "cudaGraphExecDestroy",
                    "closing " + name);
        }
        handle = 0;
        kept = null;
    }
}
