package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.gatun.bindings.cudart.CudaRt;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A mark on a stream that the host or another stream can wait for. */
public final class CudaEvent implements AutoCloseable {
    private final CudaRuntime runtime;
    private long handle;

    /** With {@code timing} the time between two events can be asked for, which costs the device a little. */
    public CudaEvent(CudaRuntime runtime, boolean timing) {
        this(runtime, timing ? 0 : CudaRt.cudaEventDisableTiming());
    }

    private CudaEvent(CudaRuntime runtime, int flags) {
        this.runtime = runtime;
        runtime.ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            runtime.check(
                    CudaRt.cudaEventCreateWithFlags(pointer, flags), "cudaEventCreateWithFlags", "making an event");
            handle = pointer.get(ADDRESS, 0).address();
        }
    }

    /** Without timing, whose {@link #synchronize} sleeps where others spin: for threads that wait for whole steps. */
    public static CudaEvent sleeping(CudaRuntime runtime) {
        return new CudaEvent(runtime, CudaRt.cudaEventDisableTiming() | CudaRt.cudaEventBlockingSync());
    }

    long handle() {
        return handle;
    }

    /** Marks what is on the stream now. */
    public void record(CudaStream stream) {
        runtime.ready();
        runtime.check(HotCalls.eventRecord(handle, stream.handle()), "cudaEventRecord", "marking the stream");
    }

    /** Waits until what was marked last is done; returns at once if nothing ever was. */
    public void synchronize() {
        runtime.ready();
        runtime.check(
                CudaRt.cudaEventSynchronize(MemorySegment.ofAddress(handle)),
                "cudaEventSynchronize",
                "waiting for an event");
    }

    /** Milliseconds on the device from {@code earlier} to this one; both made with timing and both done. */
    public float millisSince(CudaEvent earlier) {
        runtime.ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment millis = arena.allocate(JAVA_FLOAT);
            runtime.check(
                    CudaRt.cudaEventElapsedTime(
                            millis, MemorySegment.ofAddress(earlier.handle), MemorySegment.ofAddress(handle)),
                    "cudaEventElapsedTime",
                    "timing between two events");
            return millis.get(JAVA_FLOAT, 0);
        }
    }

    @Override
    public void close() {
        if (handle != 0 && !runtime.lost()) {
            runtime.ready();
            runtime.check(
                    CudaRt.cudaEventDestroy(MemorySegment.ofAddress(handle)), "cudaEventDestroy", "closing an event");
        }
        handle = 0;
    }
}
