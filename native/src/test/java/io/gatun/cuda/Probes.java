package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudart.dim3;
import io.gatun.cuda.runtime.CudaFunction;
import io.gatun.cuda.runtime.CudaModule;
import io.gatun.cuda.runtime.CudaRuntime;
import io.gatun.cuda.runtime.CudaStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** A fresh view of the emulated device with the kernels of probes.cu, for tests of the emulator itself. */
final class Probes implements AutoCloseable {
    final Arena arena = Arena.ofConfined();
    final CudaRuntime runtime;
    final CudaStream stream;
    private final CudaModule module;
    private final List<Long> allocated = new ArrayList<>();

    Probes() {
        CudaLibraries.require(0);
        runtime = new CudaRuntime(0);
        stream = new CudaStream(runtime);
        try {
            byte[] ptx = Files.readAllBytes(Emulation.repository().resolve("native/src/test/cuda/kernels/probes.ptx"));
            module = new CudaModule(runtime, "probes", ptx);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long malloc(long bytes) {
        long address = runtime.malloc(bytes);
        allocated.add(address);
        return address;
    }

    /** Launches with arguments that are Long (an address or a long long), Integer, Float or a structure's segment. */
    void launch(String kernel, int blocks, int threads, Object... arguments) {
        MemorySegment pointers = arena.allocate(ADDRESS, Math.max(1, arguments.length));
        for (int i = 0; i < arguments.length; i++) {
            MemorySegment value =
                    switch (arguments[i]) {
                        case Long n -> arena.allocateFrom(JAVA_LONG, n);
                        case Integer n -> arena.allocateFrom(JAVA_INT, n);
                        case Float x -> arena.allocateFrom(JAVA_FLOAT, x);
                        case MemorySegment structure -> structure;
                        default -> throw new IllegalArgumentException("argument " + i);
                    };
            pointers.setAtIndex(ADDRESS, i, value);
        }
        runtime.launch(function(kernel), size(blocks), size(threads), pointers.address(), stream.handle());
    }

    CudaFunction function(String kernel) {
        return module.function(kernel);
    }

    MemorySegment size(int x) {
        MemorySegment size = dim3.allocate(arena);
        dim3.x(size, x);
        dim3.y(size, 1);
        dim3.z(size, 1);
        return size;
    }

    long upload(float... values) {
        return upload(arena.allocateFrom(JAVA_FLOAT, values));
    }

    long upload(int... values) {
        return upload(arena.allocateFrom(JAVA_INT, values));
    }

    private long upload(MemorySegment host) {
        long address = malloc(host.byteSize());
        copy(address, host.address(), host.byteSize(), CudaRuntime.Copy.HOST_TO_DEVICE);
        return address;
    }

    void copy(long to, long from, long bytes, CudaRuntime.Copy direction) {
        runtime.copyAsync(to, from, bytes, direction, stream.handle());
    }

    float[] floats(long address, int count) {
        return download(address, 4L * count).toArray(JAVA_FLOAT);
    }

    int[] ints(long address, int count) {
        return download(address, 4L * count).toArray(JAVA_INT);
    }

    MemorySegment download(long address, long bytes) {
        MemorySegment host = arena.allocate(bytes, 8);
        copy(host.address(), address, bytes, CudaRuntime.Copy.DEVICE_TO_HOST);
        stream.synchronize();
        return host;
    }

    @Override
    public void close() {
        if (runtime.lost()) {
            EmulatedDevice.forget(); // nobody can close them any more, and other tests count what is left
        } else {
            allocated.forEach(runtime::free);
        }
        module.close();
        stream.close();
        arena.close();
    }
}
