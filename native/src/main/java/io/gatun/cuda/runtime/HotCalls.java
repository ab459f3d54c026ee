package io.gatun.cuda.runtime;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudart.CudaRt;
import io.gatun.bindings.cudart.dim3;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of every step, with addresses and handles as longs: no segment has to be made for one. None is critical, for
 * each of them can block (a full launch queue, pageable memory). Bind the library before touching this class.
 */
@SuppressWarnings("restricted")
final class HotCalls {
    private static final MethodHandle LAUNCH = handle(
            CudaRt.cudaLaunchKernel$address(),
            JAVA_LONG,
            dim3.layout(),
            dim3.layout(),
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);

    private static final MethodHandle MEMCPY =
            handle(CudaRt.cudaMemcpyAsync$address(), JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);

    private static final MethodHandle MEMSET =
            handle(CudaRt.cudaMemsetAsync$address(), JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

    private static final MethodHandle GRAPH_LAUNCH = handle(CudaRt.cudaGraphLaunch$address(), JAVA_LONG, JAVA_LONG);

    private static final MethodHandle EVENT_RECORD = handle(CudaRt.cudaEventRecord$address(), JAVA_LONG, JAVA_LONG);

    private static final MethodHandle SET_DEVICE = handle(CudaRt.cudaSetDevice$address(), JAVA_INT);

    private HotCalls() {}

    private static MethodHandle handle(MemorySegment function, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    /** {@code grid} and {@code block} are dim3 structures, {@code arguments} an array of pointers to the values. */
    static int launch(
            long function, MemorySegment grid, MemorySegment block, long arguments, long sharedBytes, long stream) {
        try {
            return (int) LAUNCH.invokeExact(function, grid, block, arguments, sharedBytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int memcpy(long to, long from, long bytes, int kind, long stream) {
        try {
            return (int) MEMCPY.invokeExact(to, from, bytes, kind, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int memset(long to, int value, long bytes, long stream) {
        try {
            return (int) MEMSET.invokeExact(to, value, bytes, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int graphLaunch(long graph, long stream) {
        try {
            return (int) GRAPH_LAUNCH.invokeExact(graph, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int eventRecord(long event, long stream) {
        try {
            return (int) EVENT_RECORD.invokeExact(event, stream);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int setDevice(int device) {
        try {
            return (int) SET_DEVICE.invokeExact(device);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** A method handle may throw anything, a downcall throws nothing checked. */
    private static AssertionError unexpected(Throwable e) {
        switch (e) {
            case RuntimeException runtime -> throw runtime;
            case Error fatal -> throw fatal;
            default -> throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
