package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.bindings.onednn.DnnlLayouts;
import io.gatun.parallel.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The CPU engine of one session, and the native memory that lives as long as it. Asking for a GPU engine, or only for
 * their number, hangs the JVM for ever where libOpenCL is missing, so no other engine kind is mentioned here.
 * Thread-safe.
 */
final class Engine implements AutoCloseable {
    private final Workers workers;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment handle;

    /** An engine whose primitives are all made and run under as many OpenMP threads as the pool has. */
    Engine(Workers workers) {
        this.workers = workers;
        MemorySegment out = arena.allocate(DnnlLayouts.C_POINTER);
        Status.check(Dnnl.dnnl_engine_create(out, Dnnl.dnnl_cpu(), 0), "dnnl_engine_create", "cpu engine");
        this.handle = out.get(DnnlLayouts.C_POINTER, 0);
    }

    MemorySegment handle() {
        return handle;
    }

    /** OpenMP threads. */
    int threads() {
        return workers.threads();
    }

    /** The pool for the parts that oneDNN does not do. */
    Workers workers() {
        return workers;
    }

    /** Native memory that lives as long as the engine. */
    Arena arena() {
        return arena;
    }

    @Override
    public void close() {
        Status.check(Dnnl.dnnl_engine_destroy(handle), "dnnl_engine_destroy", "cpu engine");
        arena.close();
    }
}
