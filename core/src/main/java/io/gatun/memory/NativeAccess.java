package io.gatun.memory;

import io.gatun.kernel.NativeUnavailableException;
import java.lang.foreign.MemorySegment;

/** Whether this JVM lets the library work on native memory. */
public final class NativeAccess {
    private NativeAccess() {}

    /**
     * Checks before any kernel runs, because afterwards it would be an error from a class initializer.
     *
     * @throws NativeUnavailableException naming the option that is missing
     */
    @SuppressWarnings("restricted")
    public static void require() {
        try {
            MemorySegment.NULL.reinterpret(1);
        } catch (IllegalCallerException e) {
            throw new NativeUnavailableException(
                    "kernels work on native memory, which this JVM denies: start it with"
                            + " --enable-native-access=io.gatun.core (ALL-UNNAMED on the class path)",
                    e);
        }
    }
}
