package io.gatun.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.gatun.bindings.LibrarySymbols;
import io.gatun.bindings.onednn.Dnnl;
import io.gatun.library.ElfFile;
import io.gatun.library.SystemLinker;
import io.gatun.onednn.LoadResult.Attempt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One search for oneDNN. Keeps every place and its outcome; what goes wrong in one place never escapes as an error. */
final class OneDnnLoader {
    private static final String LIBRARY = "libdnnl.so.3";
    private static final String OPENMP = "libgomp.so.1";

    private final int threads;
    private final List<Attempt> attempts = new ArrayList<>();
    private SystemLinker system;

    OneDnnLoader(int threads) {
        this.threads = threads;
    }

    LoadResult load() {
        String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (!platform.equals("Linux amd64")) {
            return none(platform, "this version carries oneDNN for Linux on x86-64 only");
        }
        try {
            system = new SystemLinker();
            system.setEnvironment("OMP_WAIT_POLICY", "passive");
            system.setEnvironment("OMP_NUM_THREADS", Integer.toString(threads));
            String explicit = System.getProperty("gatun.onednn.path");
            return explicit != null ? explicit(Path.of(explicit)) : search();
        } catch (IllegalCallerException | ExceptionInInitializerError e) {
            // The second where this module may call native code and the bindings' may not.
            return none(
                    "native access",
                    "denied: start Java with --enable-native-access=io.gatun.core,io.gatun.bindings,io.gatun.accel"
                            + " (ALL-UNNAMED on the class path); " + cause(e));
        } catch (IOException e) {
            return none("environment", e.getMessage());
        }
    }

    private static String cause(Throwable e) {
        return (e.getCause() == null ? e : e.getCause()).getMessage();
    }

    private LoadResult none(String place, String reason) {
        attempts.add(new Attempt(place, reason));
        return new LoadResult.Unavailable(attempts);
    }

    private LoadResult explicit(Path given) {
        Path file = Files.isDirectory(given) ? given.resolve(LIBRARY) : given;
        try {
            if (!Files.isRegularFile(file)) {
                throw new IOException("no such file (from -Dgatun.onednn.path)");
            }
            ElfFile.check(file);
            Path openMp = file.toAbsolutePath().resolveSibling(OPENMP);
            if (Files.exists(openMp)) {
                ElfFile.check(openMp);
            }
            return accept(file.toString(), Files.exists(openMp) ? openMp.toString() : OPENMP);
        } catch (IOException e) {
            return none(file.toString(), e.getMessage());
        }
    }

    private LoadResult search() {
        try {
            Manifest manifest = Manifest.shipped();
            for (Path base : bases()) {
                LibraryCache cache = new LibraryCache(base, manifest);
                try {
                    Path folder = cache.prepare();
                    return accept(
                            folder.resolve(LIBRARY).toString(),
                            folder.resolve(OPENMP).toString());
                } catch (UntrustedFileException e) {
                    return none(cache.folder().toString(), e.getMessage());
                } catch (IOException | UncheckedIOException e) {
                    attempts.add(new Attempt(cache.folder().toString(), describe(e)));
                }
            }
            return accept(LIBRARY, OPENMP);
        } catch (IOException e) {
            return none(LIBRARY, e.getMessage());
        }
    }

    /** Where the extracted files may lie: the user's cache, and a private folder where that cannot be used. */
    private static List<Path> bases() {
        String chosen = System.getProperty("gatun.cache");
        if (chosen != null) {
            return List.of(Path.of(chosen));
        }
        String cache = System.getenv("XDG_CACHE_HOME");
        Path user = cache != null && Path.of(cache).isAbsolute()
                ? Path.of(cache)
                : Path.of(System.getProperty("user.home"), ".cache");
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        return List.of(user.resolve("gatun"), temporary.resolve("gatun-" + System.getProperty("user.name")));
    }

    /** Loads both libraries and binds them if the version is the one that the bindings were made from. */
    private LoadResult accept(String library, String openMp) throws IOException {
        SymbolLookup omp = system.load(openMp);
        SymbolLookup dnnl = system.load(library);
        // First of all: oneDNN prints its errors to standard output otherwise. Not by the bindings, for a function of
        // theirs keeps the first library it was found in, and this one may yet be refused.
        quiet(dnnl);
        String version = version(dnnl);
        String wanted = Dnnl.DNNL_VERSION_MAJOR() + "." + Dnnl.DNNL_VERSION_MINOR() + ".";
        if (!version.startsWith(wanted)) {
            throw new IOException("it is oneDNN " + version + ", and Gatun needs " + wanted + "x");
        }
        LibrarySymbols.OMP.bind(omp);
        LibrarySymbols.ONEDNN.bind(dnnl);
        attempts.add(new Attempt(library, "loaded"));
        return new LoadResult.Loaded(library, version, attempts);
    }

    private void quiet(SymbolLookup dnnl) throws IOException {
        try {
            int _ = (int) system.function(dnnl, "dnnl_set_verbose", FunctionDescriptor.of(JAVA_INT, JAVA_INT))
                    .invokeExact(0);
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    private String version(SymbolLookup dnnl) throws IOException {
        try {
            MemorySegment version =
                    (MemorySegment) system.function(dnnl, "dnnl_version", FunctionDescriptor.of(ADDRESS))
                            .invokeExact();
            return SystemLinker.firstInt(version, 0) + "." + SystemLinker.firstInt(version, 1) + "."
                    + SystemLinker.firstInt(version, 2);
        } catch (Throwable e) {
            throw SystemLinker.rethrown(e);
        }
    }

    private static String describe(Exception e) {
        return switch (e) {
            case java.nio.file.AccessDeniedException denied -> "cannot write " + denied.getFile();
            case java.nio.file.NoSuchFileException missing when missing.getReason() != null -> missing.getMessage();
            default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }
}
