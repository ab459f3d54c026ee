package io.gatun.bindings;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Objects;
import java.util.Optional;

/**
 * Where the generated classes of one library look their symbols up. jextract's own choice, the libraries of the calling
 * class loader, would tie a binding to one loader for good; this indirection lets the loader class decide.
 *
 * <p>Constants and layouts of the generated classes are usable at any time. A generated function resolves its symbol on
 * its first call and remembers a failure for ever, so functions are called only after {@link #bind}. Thread safe.
 */
public final class LibrarySymbols implements SymbolLookup {
    /** The symbols of {@code libdnnl}. */
    public static final LibrarySymbols ONEDNN = new LibrarySymbols("oneDNN");

    /** The symbols of {@code libgomp}. */
    public static final LibrarySymbols OMP = new LibrarySymbols("libgomp");

    /** The symbols of {@code libcudart}. */
    public static final LibrarySymbols CUDART = new LibrarySymbols("the CUDA runtime");

    /** The symbols of {@code libcublasLt}. */
    public static final LibrarySymbols CUBLASLT = new LibrarySymbols("cuBLASLt");

    /** The symbols of {@code libcudnn}. */
    public static final LibrarySymbols CUDNN = new LibrarySymbols("cuDNN");

    private final String library;
    private SymbolLookup symbols;

    private LibrarySymbols(String library) {
        this.library = library;
    }

    /**
     * Gives the library's symbols to the generated classes.
     *
     * @param loaded a lookup over the loaded library, valid for the life of the process
     * @throws IllegalStateException if it was called before: functions that ran already keep their first addresses
     */
    public synchronized void bind(SymbolLookup loaded) {
        Objects.requireNonNull(loaded, "loaded");
        if (symbols != null) {
            throw new IllegalStateException("the bindings of " + library + " are bound already");
        }
        symbols = loaded;
    }

    /**
     * The address of one symbol.
     *
     * @throws IllegalStateException if the library was not loaded yet
     */
    @Override
    public synchronized Optional<MemorySegment> find(String name) {
        if (symbols == null) {
            throw new IllegalStateException(name + " of " + library + " was called before the library was loaded");
        }
        return symbols.find(name);
    }
}
