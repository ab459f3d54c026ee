package io.gatun.contract;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/** Buffers with an inaccessible page on either side, by mmap and mprotect of Linux. */
@SuppressWarnings("restricted") // libc and raw addresses are the point
final class MappedPages implements AutoCloseable {
    private static final long PAGE = 64 << 10; // a multiple of every page size in use
    private static final int NONE = 0;
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final MethodHandle MMAP = libc("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
    private static final MethodHandle MPROTECT = libc("mprotect", FunctionDescriptor.of(INT, LONG, LONG, INT));
    private static final MethodHandle MUNMAP = libc("munmap", FunctionDescriptor.of(INT, LONG, LONG));

    private record Mapping(long address, long bytes) {}

    private final List<Mapping> mappings = new ArrayList<>();

    private static MethodHandle libc(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }

    /** {@code bytes} bytes that end (or start) where a guard page begins (or ends). */
    MemorySegment map(long bytes, long alignment, boolean end) {
        long inner = Math.max(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
        long outer = inner + 2 * PAGE;
        long address = call(MMAP, 0L, outer, NONE, PRIVATE_ANONYMOUS, -1, 0L);
        if (address == -1) {
            throw new IllegalStateException("mmap of " + outer + " bytes failed");
        }
        mappings.add(new Mapping(address, outer));
        if (call(MPROTECT, address + PAGE, inner, READ_WRITE) != 0) {
            throw new IllegalStateException("mprotect failed");
        }
        long from = end ? (address + PAGE + inner - bytes) & -alignment : address + PAGE;
        return MemorySegment.ofAddress(from).reinterpret(bytes);
    }

    private static long call(MethodHandle function, Object... arguments) {
        try {
            return ((Number) function.invokeWithArguments(arguments)).longValue();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        for (Mapping mapping : mappings) {
            call(MUNMAP, mapping.address, mapping.bytes);
        }
    }
}
