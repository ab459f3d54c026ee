package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.gatun.bindings.cudart.CudaRt;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A queue of work on the device that does not wait for the legacy default stream. Safe for concurrent use. */
public final class CudaStream implements AutoCloseable {
    private final CudaRuntime runtime;
    private long handle;

    public CudaStream(CudaRuntime runtime) {
        this.runtime = runtime;
        runtime.ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            runtime.check(
                    CudaRt.cudaStreamCreateWithFlags(pointer, CudaRt.cudaStreamNonBlocking()),
                    "cudaStreamCreateWithFlags",
                    "making a stream");
            handle = pointer.get(ADDRESS, 0).address();
        }
    }

    /** CUDA's {@code cudaStream_t}. */
    public long handle() {
        return handle;
    }

    /** Waits until everything on the stream is done; a fault of its kernels is seen here. */
    public void synchronize() {
        runtime.ready();
        runtime.check(
                CudaRt.cudaStreamSynchronize(MemorySegment.ofAddress(handle)),
                "cudaStreamSynchronize",
                "waiting for the stream");
    }

    /** What is put on this stream from now on waits for the event's last record. */
    public void await(CudaEvent event) {
        runtime.ready();
        int noFlags = 0;
        runtime.check(
                CudaRt.cudaStreamWaitEvent(
                        MemorySegment.ofAddress(handle), MemorySegment.ofAddress(event.handle()), noFlags),
                "cudaStreamWaitEvent",
                "waiting for an event on the stream");
    }

    @Override
    public void close() {
        if (handle != 0 && !runtime.lost()) {
            runtime.ready();
            runtime.check(
                    CudaRt.cudaStreamDestroy(MemorySegment.ofAddress(handle)), "cudaStreamDestroy", "closing a stream");
        }
        handle = 0;
    }
}
