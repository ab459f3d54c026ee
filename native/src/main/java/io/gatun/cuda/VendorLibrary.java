package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.LibrarySymbols;
import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One of NVIDIA's libraries beside the runtime: looked for once, and bound if it is there. None of them is needed.
 *
 * @param library which
 * @param symbols those of the loaded one, or null
 * @param version such as {@code 9.24.0}; empty where the library does not say
 * @param path what {@code -Dgatun.cuda.path} said, or null
 */
record VendorLibrary(
        NvidiaLibrary library, SymbolLookup symbols, String version, String path, List<CudaSearch.Attempt> attempts) {
    /** The first cuDNN with the operations that the graphs are made of. */
    private static final long LEAST_CUDNN = 9_00_00;

    /**
     * How cuBLAS divides its workspace, which it reads from the environment when a handle is made. By default it has pieces
     * of two sizes, and which one a product gets on one of the streams of cuDNN's recurrent layers depends on when the others
     * give theirs back: so does the algorithm, and with it the bits. Pieces of one size are NVIDIA's own cure.
     */
    private static final String WORKSPACES = "CUBLAS_WORKSPACE_CONFIG";

    private static final String OF_ONE_SIZE = ":4096:2";

    /**
     * Looks for it in the same places as for the runtime.
     *
     * @param runtime version of the runtime in use: a library for another major version brings another runtime along
     */
    static VendorLibrary find(NvidiaLibrary library, String runtime, Surroundings surroundings) {
        SystemLinker system = new SystemLinker();
        if (library == NvidiaLibrary.CUDNN) {
            keepOrder(system);
        }
        String[] version = {""};
        CudaSearch search = new CudaSearch(library, library.namesFor(runtime), surroundings, system, opened -> {
            version[0] = version(system, library, opened);
        });
        CudaSearch.Found found = search.search();
        SymbolLookup symbols = found == null ? null : found.symbols();
        if (symbols != null) {
            switch (library) {
                case CUBLASLT -> LibrarySymbols.CUBLASLT.bind(symbols);
                case CUDNN -> LibrarySymbols.CUDNN.bind(symbols);
                case CUBLAS -> {}
                case CUDART -> throw new IllegalArgumentException("the runtime is not looked for here");
            }
        }
        return new VendorLibrary(library, symbols, version[0], surroundings.path(), search.attempts());
    }

    private static void keepOrder(SystemLinker system) {
        try {
            system.setEnvironment(WORKSPACES, OF_ONE_SIZE);
        } catch (IOException e) {
            throw new UncheckedIOException("recurrent layers by cuDNN would not give the same bits each time", e);
        }
    }

    private static String version(SystemLinker system, NvidiaLibrary library, SymbolLookup opened) throws IOException {
        String call =
                switch (library) {
                    case CUBLASLT -> "cublasLtGetVersion";
                    case CUDNN -> "cudnnGetVersion";
                    case CUBLAS, CUDART -> null;
                };
        if (call == null) {
            return "";
        }
        long number;
        try {
            number = (long) system.function(opened, call, FunctionDescriptor.of(JAVA_LONG))
                    .invokeExact();
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
        String text = number / 10_000 + "." + number / 100 % 100 + "." + number % 100;
        if (library == NvidiaLibrary.CUDNN && number < LEAST_CUDNN) {
            throw new IOException("it is cuDNN " + text + ", and Gatun needs 9.0 or newer");
        }
        return text;
    }

    List<String> describe() {
        List<String> lines = new ArrayList<>();
        String name = library.name().toLowerCase(Locale.ROOT);
        lines.add(
                symbols == null
                        ? name + " not found, not needed"
                        : name + " " + version + " from " + attempts.getLast().place());
        attempts.forEach(attempt -> lines.add("  tried " + attempt));
        return lines;
    }
}
