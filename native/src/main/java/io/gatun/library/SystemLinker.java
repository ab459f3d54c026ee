package io.gatun.library;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The C library's loader. {@code System.load} would tie the library to one class loader for good and
 * {@code libraryLookup} hides why it failed; {@code dlopen} does neither.
 */
@SuppressWarnings("restricted")
public final class SystemLinker {
    private static final int RTLD_NOW = 2;
    private static final int RTLD_GLOBAL = 0x100;

    private final Linker linker = Linker.nativeLinker();
    private final MethodHandle open = c("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private final MethodHandle symbol = c("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private final MethodHandle error = c("dlerror", FunctionDescriptor.of(ADDRESS));
    private final MethodHandle setenv = c("setenv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));

    /** Finds the C library's functions; loads nothing. */
    public SystemLinker() {}

    private MethodHandle c(String name, FunctionDescriptor descriptor) {
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    /**
     * Loads a library for the life of the process, its symbols open to the libraries loaded after it.
     *
     * @param library a path, or a name that the system's search finds
     * @throws IOException with the system's own reason
     */
    public SymbolLookup load(String library) throws IOException {
        return load(library, RTLD_NOW | RTLD_GLOBAL);
    }

    /** As {@link #load}, but nobody else sees its symbols: two versions of it can live in one process. */
    public SymbolLookup loadPrivately(String library) throws IOException {
        return load(library, RTLD_NOW);
    }

    private SymbolLookup load(String library, int mode) throws IOException {
        MemorySegment handle;
        try (Arena arena = Arena.ofConfined()) {
            handle = (MemorySegment) open.invokeExact(arena.allocateFrom(library), mode);
            if (handle.equals(MemorySegment.NULL)) {
                throw new IOException(reason((MemorySegment) error.invokeExact()));
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
        return name -> find(handle, name);
    }

    /** Sets an environment variable of this process unless the user did. */
    public void setEnvironment(String name, String value) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int keep = 0;
            int status = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), keep);
            if (status != 0) {
                throw new IOException("cannot set " + name + " to " + value);
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** A function of a library that was not accepted yet, and so has no bindings. */
    public MethodHandle function(SymbolLookup library, String name, FunctionDescriptor descriptor) throws IOException {
        MemorySegment address = library.find(name).orElseThrow(() -> new IOException("it has no function " + name));
        return linker.downcallHandle(address, descriptor);
    }

    private Optional<MemorySegment> find(MemorySegment handle, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = (MemorySegment) symbol.invokeExact(handle, arena.allocateFrom(name));
            return address.equals(MemorySegment.NULL) ? Optional.empty() : Optional.of(address);
        } catch (Throwable e) {
            throw new IllegalStateException("dlsym failed for " + name, e);
        }
    }

    private static String reason(MemorySegment message) {
        if (message.equals(MemorySegment.NULL)) {
            return "the system gives no reason";
        }
        String text = message.reinterpret(4096).getString(0);
        return text.contains("failed to map segment")
                ? text + " (is its file system mounted noexec? choose another with -Dgatun.cache=FOLDER)"
                : text;
    }

    /** The int at {@code index} of the struct that a function returned. */
    public static int firstInt(MemorySegment struct, long index) {
        return struct.reinterpret(64).getAtIndex(ValueLayout.JAVA_INT, index);
    }

    /** A method handle may throw anything; the functions here throw nothing of their own. */
    public static IOException rethrown(Throwable e) {
        if (e instanceof IOException io) {
            return io;
        }
        if (e instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (e instanceof Error fatal) {
            throw fatal;
        }
        return new IOException(e);
    }
}
