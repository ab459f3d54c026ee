package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The few questions to a libcudart that was not accepted yet. Not by the bindings, whose functions keep the first library
 * they were found in.
 */
final class CudaProbe {
    /** Larger than {@code cudaDeviceProp} of any version; its first member has been the name since ever. */
    private static final long PROPERTIES = 16_384;

    private static final long NAME = 256;

    private static final FunctionDescriptor ONE = FunctionDescriptor.of(JAVA_INT, ADDRESS);
    private static final FunctionDescriptor OF_DEVICE = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT);
    private static final FunctionDescriptor ATTRIBUTE = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);

    /** A status and the number that came with it. */
    record Answer(int status, int value) {}

    private final SystemLinker system;
    private final SymbolLookup library;

    CudaProbe(SystemLinker system, SymbolLookup library) {
        this.system = system;
        this.library = library;
    }

    /** 13000 for 13.0. */
    int runtimeVersion() throws IOException {
        return value("cudaRuntimeGetVersion");
    }

    /** The newest CUDA that the driver runs; 0 without a driver. */
    int driverVersion() throws IOException {
        return value("cudaDriverGetVersion");
    }

    Answer deviceCount() throws IOException {
        return ask("cudaGetDeviceCount");
    }

    int attribute(int attribute, int device) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            int status = (int) function("cudaDeviceGetAttribute", ATTRIBUTE).invokeExact(value, attribute, device);
            if (status != 0) {
                throw new IOException("cudaDeviceGetAttribute of device " + device + " returned " + error(status));
            }
            return value.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    /** The device's name: {@code NVIDIA H100 80GB HBM3}. */
    String name(int device) throws IOException {
        // CUDA 12 has a second version of the function under another name; both begin with the name.
        Optional<MemorySegment> second = library.find("cudaGetDeviceProperties_v2");
        String call = second.isPresent() ? "cudaGetDeviceProperties_v2" : "cudaGetDeviceProperties";
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment properties = arena.allocate(PROPERTIES, 16);
            int status = (int) function(call, OF_DEVICE).invokeExact(properties, device);
            return status == 0 ? properties.asSlice(0, NAME).getString(0) : "unnamed: " + error(status);
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    /** {@code cudaErrorInsufficientDriver (35)}. */
    @SuppressWarnings("restricted")
    String error(int status) throws IOException {
        try {
            MemorySegment name = (MemorySegment) function("cudaGetErrorName", FunctionDescriptor.of(ADDRESS, JAVA_INT))
                    .invokeExact(status);
            return name.reinterpret(1024).getString(0) + " (" + status + ")";
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    private int value(String call) throws IOException {
        Answer answer = ask(call);
        if (answer.status() != 0) {
            throw new IOException(call + " returned " + error(answer.status()));
        }
        return answer.value();
    }

    private Answer ask(String call) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            int status = (int) function(call, ONE).invokeExact(value);
            return new Answer(status, value.get(JAVA_INT, 0));
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    private MethodHandle function(String name, FunctionDescriptor descriptor) throws IOException {
        return system.function(library, name, descriptor);
    }
}
