package io.gatun.simd;

import io.gatun.parallel.Task;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** A part of a kernel's task that is compiled on its own, for the reason that {@link VectorLoop} gives. */
final class LoopTask implements Task {
    private static final MethodType TYPE = MethodType.methodType(void.class, long[].class, int.class, int.class);

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    /** The method {@code name(long[] frame, int index, int worker)} of {@code kernel}. */
    LoopTask(MethodHandles.Lookup lookup, Object kernel, String name) {
        this.code = LoopHandle.of(lookup, kernel, name, TYPE);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        try {
            code.invokeExact(frame, index, worker);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }
}
