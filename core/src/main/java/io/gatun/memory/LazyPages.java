package io.gatun.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Address space whose pages become memory when they are first written, so that what is asked for and not used costs
 * nothing. {@link Arena#allocate} writes zeros to all it gives, and so holds every page. Linux; elsewhere, or where the
 * system refuses, there is none and the caller allocates what it needs.
 */
@SuppressWarnings("restricted")
final class LazyPages {
    private static final long PAGE = 4096;
    private static final int READ_WRITE = 3;

    /** MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE: the same numbers on x86-64 and AArch64. */
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;

    private static final long FAILED = -1;

    private LazyPages() {}

    /** The functions, looked up when first needed. */
    private static final class System {
        static final MethodHandle MAP = c(
                "mmap",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle UNMAP = c("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

        private static MethodHandle c(String name, FunctionDescriptor descriptor) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
        }
    }

    static boolean supported() {
        return java.lang.System.getProperty("os.name").equals("Linux")
                && LazyPages.class.getModule().isNativeAccessEnabled();
    }

    /** At least {@code bytes} bytes of zeros, page-aligned, until the arena is closed; null if there is no such thing. */
    static MemorySegment reserve(Arena arena, long bytes) {
        if (!supported()) {
            return null;
        }
        long size = Math.max(PAGE, bytes + PAGE - 1 & -PAGE);
        long address = map(size);
        return address == FAILED
                ? null
                : MemorySegment.ofAddress(address).reinterpret(size, arena, mapped -> unmap(mapped.address(), size));
    }

    private static long map(long size) {
        try {
            return (long) System.MAP.invokeExact(0L, size, READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static void unmap(long address, long size) {
        try {
            int status = (int) System.UNMAP.invokeExact(address, size);
            if (status != 0) {
                throw new IllegalStateException(
                        "munmap of " + size + " bytes failed; was that memory unmapped by others?");
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** A method handle may throw anything; these functions throw nothing. */
    private static RuntimeException rethrown(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        if (e instanceof Error fatal) {
            throw fatal;
        }
        return new IllegalStateException(e);
    }
}
