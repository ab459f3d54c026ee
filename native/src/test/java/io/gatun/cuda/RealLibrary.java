package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * A library of NVIDIA's that is installed here, called by its functions' names: the bindings are the fake one's in this
 * process. Arguments are ints, longs, floats and segments.
 */
final class RealLibrary implements AutoCloseable {
    private final SystemLinker system = new SystemLinker();
    private final SymbolLookup symbols;
    private final Arena arena = Arena.ofConfined();

    private RealLibrary(Path file) throws IOException {
        symbols = system.loadPrivately(file.toString());
    }

    /** Skips the test, saying so in one loud line, where there is none in the folders that name one. */
    static RealLibrary assumed(NvidiaLibrary library) throws IOException {
        CudaFolders folders = new CudaFolders(Surroundings.ofProcess());
        Path file = Stream.concat(folders.named().stream(), folders.installed().stream())
                .flatMap(folder -> library.names().stream().map(folder::resolve))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
        if (file == null) {
            System.err.println("NO REAL " + library + " ON THIS MACHINE (CUDA_HOME, VIRTUAL_ENV): what it says is not"
                    + " tested");
        }
        assumeTrue(file != null, "no " + library);
        return new RealLibrary(file);
    }

    Arena arena() {
        return arena;
    }

    /** What a function without a driver answers is another. */
    static void assumeNoDriver() {
        assumeTrue(!Files.exists(Path.of("/dev/nvidiactl")), "there is a driver");
    }

    /** A function that returns a status. */
    int status(String name, Object... arguments) {
        return (int) call(name, JAVA_INT, arguments);
    }

    /** A function that has to succeed. */
    void done(String name, Object... arguments) {
        assertThat(status(name, arguments)).as(name).isZero();
    }

    /** What a function writes to its first argument, the others being these. */
    MemorySegment made(String name, Object... arguments) {
        MemorySegment pointer = arena.allocate(ADDRESS);
        done(name, Stream.concat(Stream.of(pointer), Stream.of(arguments)).toArray());
        return pointer.get(ADDRESS, 0);
    }

    Object call(String name, MemoryLayout result, Object... arguments) {
        MemoryLayout[] layouts = Stream.of(arguments).map(RealLibrary::layout).toArray(MemoryLayout[]::new);
        try {
            return system.function(symbols, name, FunctionDescriptor.of(result, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new AssertionError(name, e);
        }
    }

    private static MemoryLayout layout(Object argument) {
        return switch (argument) {
            case Integer _ -> ValueLayout.JAVA_INT;
            case Long _ -> ValueLayout.JAVA_LONG;
            case Float _ -> ValueLayout.JAVA_FLOAT;
            case MemorySegment _ -> ADDRESS;
            default -> throw new IllegalArgumentException(argument.toString());
        };
    }

    @Override
    public void close() {
        arena.close();
    }
}
