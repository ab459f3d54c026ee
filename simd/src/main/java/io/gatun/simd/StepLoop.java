package io.gatun.simd;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** An optimizer's loop over whole vectors, compiled on its own for the reason that {@link VectorLoop} gives. */
final class StepLoop {
    private static final MethodType TYPE =
            MethodType.methodType(void.class, long[].class, long.class, int.class, float.class);

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    /** The method {@code name(long[] frame, long bytes, int n, float decay)} of {@code kernel}. */
    StepLoop(MethodHandles.Lookup lookup, Object kernel, String name) {
        this.code = LoopHandle.of(lookup, kernel, name, TYPE);
    }

    /** {@code n} elements, whole vectors, {@code bytes} behind the beginning of each buffer, with that weight decay. */
    void run(long[] frame, long bytes, int n, float decay) {
        try {
            code.invokeExact(frame, bytes, n, decay);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }
}
