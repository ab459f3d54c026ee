package io.gatun.memory;

import java.lang.foreign.MemorySegment;

/** An owner of off-heap memory. Segments are 64-byte aligned and usable from every thread until the scope ends them. */
public abstract sealed class Scope implements AutoCloseable permits ParameterScope, StepSlab {
    /** A cache line, and the widest vector. */
    public static final long ALIGNMENT = 64;

    final NativeMemory memory;
    private final String name;
    private final Throwable opened;

    Scope(NativeMemory memory, String name) {
        this.memory = memory;
        this.name = name;
        this.opened = memory.debug() ? new Throwable("opened here") : null;
    }

    public String name() {
        return name;
    }

    /**
     * Memory of {@code bytes} bytes: zero in a parameter scope, of any content in a slab, NaN in debug mode.
     *
     * @param label what it is for, in errors and debug reports
     * @throws NativeMemoryException if the budget has no room; the scope is unchanged then
     * @throws IllegalStateException if the scope is closed
     */
    public abstract MemorySegment allocate(long bytes, String label);

    /** Bytes that this scope holds of the budget. */
    public abstract long bytes();

    /**
     * Debug mode: looks at every canary.
     *
     * @throws IllegalStateException naming the allocation whose neighbourhood was overwritten
     */
    public abstract void checkCanaries();

    /** Gives everything back. Closing twice does nothing. */
    @Override
    public abstract void close();

    /** The next multiple of {@link #ALIGNMENT}. */
    public static long aligned(long bytes) {
        return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
    }

    final String leakReport() {
        StringBuilder line = new StringBuilder("scope '" + name + "' is open and holds " + bytes() + " bytes");
        if (opened != null) {
            for (StackTraceElement frame : opened.getStackTrace()) {
                if (!frame.getClassName().startsWith("io.gatun.memory.")) {
                    line.append("; opened at ").append(frame);
                    break;
                }
            }
        }
        return line.toString();
    }
}
