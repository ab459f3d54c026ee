package io.gatun.simd;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** A row of a kernel's work that is compiled on its own, for the reason that {@link VectorLoop} gives. */
final class RowLoop {
    private static final MethodType TYPE =
            MethodType.methodType(void.class, long.class, long.class, long.class, int.class);

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    /** The method {@code name(long a, long b, long c, int row)} of {@code kernel}. */
    RowLoop(MethodHandles.Lookup lookup, Object kernel, String name) {
        this.code = LoopHandle.of(lookup, kernel, name, TYPE);
    }

    /** What the addresses are, the loop says. */
    void run(long a, long b, long c, int row) {
        try {
            code.invokeExact(a, b, c, row);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }
}
