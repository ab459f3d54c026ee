package io.gatun.onednn;

import io.gatun.bindings.omp.Omp;
import io.gatun.bindings.onednn.Dnnl;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The two calls that come before each execution, with addresses as longs: they store one word in a nanosecond and
 * cannot block, so they are critical (9 ns less each), and no segment has to be made for an address. Load the library
 * before touching this class.
 */
@SuppressWarnings("restricted")
final class HotCalls {
    private static final MethodHandle SET_DATA_HANDLE = Linker.nativeLinker()
            .downcallHandle(
                    Dnnl.dnnl_memory_set_data_handle$address(),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
                    Linker.Option.critical(false));

    private static final MethodHandle SET_NUM_THREADS = Linker.nativeLinker()
            .downcallHandle(
                    Omp.omp_set_num_threads$address(),
                    FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT),
                    Linker.Option.critical(false));

    private HotCalls() {}

    /** Points a memory object to an address; returns the status. */
    static int setDataHandle(long memory, long address) {
        try {
            return (int) SET_DATA_HANDLE.invokeExact(memory, address);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }

    /**
     * Sets how many threads the native thread under this Java thread uses. It is said before every execution and never
     * remembered: a virtual thread may wake on another carrier, and a primitive that runs under another count than it
     * was made for writes where it must not.
     */
    static void setThreads(int threads) {
        try {
            SET_NUM_THREADS.invokeExact(threads);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
