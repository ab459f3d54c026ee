package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudart.CudaRt;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * One device through the CUDA runtime, every call checked: addresses and handles are longs, failures are
 * {@link CudaException}, and after a fault every call throws {@link CudaContextLostException} without calling CUDA.
 * Make one only when libcudart is bound ({@code CudaLibraries}). Safe for concurrent use.
 */
public final class CudaRuntime {
    private final int device;
    private final Faults faults;

    public CudaRuntime(int device) {
        this.device = device;
        this.faults = new Faults(device);
    }

    public int device() {
        return device;
    }

    /** Whether a fault has made the device useless to this process. */
    public boolean lost() {
        return faults.lost();
    }

    /** Bytes free and in all on the device, as the driver sees them, other processes included. */
    public record MemoryInfo(long free, long total) {}

    public MemoryInfo memoryInfo() {
        ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            check(CudaRt.cudaMemGetInfo(free, total), "cudaMemGetInfo", "asking for free memory");
            return new MemoryInfo(free.get(JAVA_LONG, 0), total.get(JAVA_LONG, 0));
        }
    }

    /** An attribute by its number in {@code cudaDeviceAttr}. */
    public int attribute(int attribute) {
        ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            check(
                    CudaRt.cudaDeviceGetAttribute(value, attribute, device),
                    "cudaDeviceGetAttribute",
                    "asking for device attribute " + attribute);
            return value.get(JAVA_INT, 0);
        }
    }

    /** Streaming multiprocessors: for figures and choices of speed, never for how a sum is cut. */
    public int multiprocessors() {
        return attribute(CudaRt.cudaDevAttrMultiProcessorCount());
    }

    /** Device memory, 256-byte aligned; 0 where CUDA has none left, which is not an error here. */
    public long malloc(long bytes) {
        ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            int code = CudaRt.cudaMalloc(pointer, bytes);
            if (code == CudaRt.cudaErrorMemoryAllocation()) {
                Faults.forget();
                return 0;
            }
            check(code, "cudaMalloc", "allocating " + bytes + " bytes");
            return pointer.get(ADDRESS, 0).address();
        }
    }

    /** Waits for the device; nothing after a fault, which has taken the memory along. */
    public void free(long address) {
        if (lost()) {
            return;
        }
        ready();
        check(CudaRt.cudaFree(MemorySegment.ofAddress(address)), "cudaFree", "freeing device memory");
    }

    /** Pinned host memory that the device can read and write at the same address. */
    public long hostMalloc(long bytes) {
        ready();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            int flags = CudaRt.cudaHostAllocPortable() | CudaRt.cudaHostAllocMapped();
            check(
                    CudaRt.cudaHostAlloc(pointer, bytes, flags),
                    "cudaHostAlloc",
                    "allocating " + bytes + " bytes of pinned host memory");
            return pointer.get(ADDRESS, 0).address();
        }
    }

    /** Nothing after a fault. */
    public void hostFree(long address) {
        if (lost()) {
            return;
        }
        ready();
        check(CudaRt.cudaFreeHost(MemorySegment.ofAddress(address)), "cudaFreeHost", "freeing pinned host memory");
    }

    /** Where the bytes of a copy come from and go to. */
    public enum Copy {
        HOST_TO_DEVICE(CudaRt.cudaMemcpyHostToDevice()),
        DEVICE_TO_HOST(CudaRt.cudaMemcpyDeviceToHost()),
        DEVICE_TO_DEVICE(CudaRt.cudaMemcpyDeviceToDevice());

        private final int kind;

        Copy(int kind) {
            this.kind = kind;
        }

        @Override
        public String toString() {
            return "copying " + name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Begins a copy behind what is on the stream; host memory must stay until the stream has done it. */
    public void copyAsync(long to, long from, long bytes, Copy direction, long stream) {
        ready();
        check(HotCalls.memcpy(to, from, bytes, direction.kind, stream), "cudaMemcpyAsync", direction);
    }

    /** Begins to set every byte to {@code value}. */
    public void memsetAsync(long to, int value, long bytes, long stream) {
        ready();
        check(HotCalls.memset(to, value, bytes, stream), "cudaMemsetAsync", "filling device memory");
    }

    /**
     * Puts a kernel on the stream; it may not have begun when this returns.
     *
     * @param grid a dim3 structure, and so {@code block}
     * @param arguments address of an array of pointers to the arguments' values, which are copied before this returns
     */
    public void launch(CudaFunction function, MemorySegment grid, MemorySegment block, long arguments, long stream) {
        ready();
        faults.launching(function.name());
        int noSharedBytes = 0;
        check(
                HotCalls.launch(function.handle(), grid, block, arguments, noSharedBytes, stream),
                "cudaLaunchKernel",
                function);
    }

    /** Waits for everything that this process has given the device. */
    public void synchronizeDevice() {
        ready();
        check(CudaRt.cudaDeviceSynchronize(), "cudaDeviceSynchronize", "waiting for the device");
    }

    /** @throws CudaContextLostException if an earlier call saw a fault */
    public void requireAlive() {
        faults.requireAlive();
    }

    /**
     * Comes before every call: CUDA keeps the current device per native thread, which a virtual thread may change, and which
     * may be another's since somebody used a second device from this thread.
     *
     * @throws CudaContextLostException if an earlier call saw a fault
     */
    public void ready() {
        requireAlive();
        int code = HotCalls.setDevice(device);
        // A fault is told by the call that follows, which knows more of it.
        if (!Faults.sticky(code)) {
            faults.check(code, "cudaSetDevice", "choosing the device");
        }
    }

    /** Notes what errors name from now on as that which was launched last: a graph, or a library's own kernel. */
    public void launching(String name) {
        faults.launching(name);
    }

    /**
     * After a library's call failed: whether a fault of the device is behind it. The device is asked and waited for, as NVIDIA's
     * libraries have a runtime of their own within, whose last error nobody else can see.
     *
     * @throws CudaContextLostException if the context is lost
     */
    public void requireNoFault(String call, Object doing) {
        requireAlive();
        int code = CudaRt.cudaDeviceSynchronize();
        if (code != 0 && faults.failed(code, call, doing) instanceof CudaContextLostException fault) {
            throw fault;
        }
    }

    /** {@code doing} is printed and nothing else. */
    void check(int code, String call, Object doing) {
        faults.check(code, call, doing);
    }
}
