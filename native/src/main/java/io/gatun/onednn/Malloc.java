package io.gatun.onednn;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * glibc keeps what oneDNN frees: it compiles each primitive in buffers of 256 KB, and 200 MB stay resident after 300
 * primitives. {@code malloc_trim} gives that back.
 */
final class Malloc {
    private Malloc() {}

    /** Returns freed memory to the system, where the C library can; takes some milliseconds. */
    @SuppressWarnings("restricted")
    static void trim() {
        Optional<MemorySegment> function = Linker.nativeLinker().defaultLookup().find("malloc_trim");
        if (function.isEmpty()) {
            return;
        }
        MethodHandle trim = Linker.nativeLinker()
                .downcallHandle(function.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
        try {
            int _ = (int) trim.invokeExact(0L);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws nothing checked", e);
        }
    }
}
