package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.bindings.cudart.cudaFuncAttributes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One PTX file, compiled by the driver for the device. Not safe for concurrent use. */
public final class CudaModule implements AutoCloseable {
    private final CudaRuntime runtime;
    private final String name;
    private long library;

    /**
     * Loads the text; the driver compiles it when its first kernel is asked for, which takes seconds for the largest the first
     * time, and keeps that on disk.
     */
    public CudaModule(CudaRuntime runtime, String name, byte[] ptx) {
        this.runtime = runtime;
        this.name = name;
        runtime.ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment code = arena.allocate(ptx.length + 1L);
            MemorySegment.copy(ptx, 0, code, JAVA_BYTE, 0, ptx.length);
            MemorySegment pointer = arena.allocate(ADDRESS);
            MemorySegment none = MemorySegment.NULL;
            runtime.check(
                    CudaRt.cudaLibraryLoadData(pointer, code, none, none, 0, none, none, 0),
                    "cudaLibraryLoadData",
                    "loading module " + name);
            library = pointer.get(ADDRESS, 0).address();
        }
    }

    /**
     * The kernel of that name, compiled and on the device. CUDA by itself would load it at its first launch, where a failure is
     * nobody's and a capture forbids it. Takes milliseconds the first time.
     *
     * @throws CudaException naming module and kernel if there is none, or it cannot be compiled
     */
    public CudaFunction function(String kernel) {
        runtime.ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            runtime.check(
                    CudaRt.cudaLibraryGetKernel(pointer, MemorySegment.ofAddress(library), arena.allocateFrom(kernel)),
                    "cudaLibraryGetKernel",
                    "looking up kernel " + kernel + " of module " + name);
            MemorySegment handle = pointer.get(ADDRESS, 0);
            runtime.check(
                    CudaRt.cudaFuncGetAttributes(cudaFuncAttributes.allocate(arena), handle),
                    "cudaFuncGetAttributes",
                    "compiling kernel " + kernel + " of module " + name);
            return new CudaFunction(name, kernel, handle.address());
        }
    }

    @Override
    public void close() {
        if (library != 0 && !runtime.lost()) {
            runtime.ready();
            runtime.check(
                    CudaRt.cudaLibraryUnload(MemorySegment.ofAddress(library)),
                    "cudaLibraryUnload",
                    "unloading module " + name);
        }
        library = 0;
    }
}
