package io.gatun.simd;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** A loop over a block of a loss, compiled on its own, for the reason that {@link VectorLoop} gives. */
final class LossLoop {
    private static final MethodType TYPE =
            MethodType.methodType(void.class, long.class, long.class, long.class, long.class, long.class, int.class);

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    /** The method {@code name(long x, long t, long space, long terms, long diff, int n)} of {@code owner}. */
    LossLoop(MethodHandles.Lookup lookup, Object owner, String name) {
        this.code = LoopHandle.of(lookup, owner, name, TYPE);
    }

    /** n predictions at x and targets at t, a whole number of vectors. */
    void run(long x, long t, long space, long terms, long diff, int n) {
        try {
            code.invokeExact(x, t, space, terms, diff, n);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }
}
