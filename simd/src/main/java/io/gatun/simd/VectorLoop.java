package io.gatun.simd;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * A loop with a long vector expression, compiled on its own. C2 stops inlining when a compilation has 18,000 nodes, about
 * 45 vector operations; a vector call left over then allocates, which costs a factor of 20. Inlined into its callers, and
 * they into theirs, any long loop meets that end, so the call goes through a handle that C2 cannot see through: 5 ns.
 */
final class VectorLoop {
    private static final MethodType TYPE =
            MethodType.methodType(void.class, long.class, long.class, long.class, int.class, float.class);

    /** Not final: a constant handle would be inlined. */
    private MethodHandle code;

    /** The static method {@code name(long a, long b, long c, int n, float parameter)} of the lookup's class. */
    VectorLoop(MethodHandles.Lookup lookup, String name) {
        try {
            this.code = lookup.findStatic(lookup.lookupClass(), name, TYPE);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("no loop " + name, e);
        }
    }

    /** What a, b and c are (addresses), how n is counted and what the parameter is, the loop says. */
    void run(long a, long b, long c, int n, float parameter) {
        try {
            code.invokeExact(a, b, c, n, parameter);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a loop throws nothing checked", e);
        }
    }
}
