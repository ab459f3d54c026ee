package io.gatun.simd;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Finds the loops that are compiled on their own ({@link VectorLoop}); each kind calls its own, whose signature C2 must see. */
final class LoopHandle {
    private LoopHandle() {}

    /** The method {@code name} of the lookup's class, bound to {@code owner}. */
    static MethodHandle of(MethodHandles.Lookup lookup, Object owner, String name, MethodType type) {
        try {
            return lookup.findVirtual(lookup.lookupClass(), name, type).bindTo(owner);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("no loop " + name, e);
        }
    }
}
