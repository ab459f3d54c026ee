package io.gatun.cuda;

import io.gatun.library.ElfFile;
import io.gatun.library.SystemLinker;
import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One search for one library. Keeps every place with its outcome. The places, in order: {@code -Dgatun.cuda.path} (a file
 * or folder), the folders of CUDA_HOME, CUDA_PATH, VIRTUAL_ENV and CONDA_PREFIX, the system's own search by name, and
 * {@code /usr/local/cuda*}.
 */
final class CudaSearch {
    /** Refuses a library that was opened, by an IOException with the reason. */
    @FunctionalInterface
    interface Check {
        void accept(SymbolLookup library) throws IOException;
    }

    /**
     * One place.
     *
     * @param outcome {@code loaded}, or the reason why not
     */
    record Attempt(String place, String outcome) {
        boolean loaded() {
            return outcome.equals("loaded");
        }

        @Override
        public String toString() {
            return place + ": " + outcome;
        }
    }

    /** A library that is loaded for the life of the process. */
    record Found(String place, SymbolLookup symbols) {}

    private final NvidiaLibrary library;
    private final List<String> names;
    private final Surroundings surroundings;
    private final SystemLinker system;
    private final Check check;
    private final List<Attempt> attempts = new ArrayList<>();
    private Found found;

    /** For files of these names, the one to prefer first. */
    CudaSearch(NvidiaLibrary library, List<String> names, Surroundings surroundings, SystemLinker system, Check check) {
        this.library = library;
        this.names = names;
        this.surroundings = surroundings;
        this.system = system;
        this.check = check;
    }

    /** What was found, or null. Opened libraries that the check refused stay in the process, unused. */
    Found search() {
        String explicit = surroundings.path();
        if (explicit != null) {
            explicit(Path.of(explicit));
            if (library == NvidiaLibrary.CUDART) {
                // Silently running another runtime than the one asked for would be worse than none.
                return found;
            }
        }
        CudaFolders folders = new CudaFolders(surroundings);
        folders.missing().forEach(said -> attempts.add(new Attempt(said, "no such folder")));
        folders.named().forEach(this::folder);
        for (String name : names) {
            open(name);
        }
        List<Path> installed = folders.installed();
        if (found == null && installed.isEmpty()) {
            attempts.add(new Attempt(CudaFolders.INSTALLED, "no such folder"));
        }
        installed.forEach(this::folder);
        return found;
    }

    List<Attempt> attempts() {
        return List.copyOf(attempts);
    }

    private void explicit(Path given) {
        if (Files.isDirectory(given)) {
            folder(given);
        } else if (library != NvidiaLibrary.CUDART) {
            Path beside = given.toAbsolutePath().getParent();
            if (beside != null) {
                folder(beside);
            }
        } else if (Files.isRegularFile(given)) {
            open(given.toString());
        } else {
            String what = Files.exists(given) ? "is neither a file nor a folder" : "no such file or folder";
            attempts.add(new Attempt(given.toString(), what + " (from -Dgatun.cuda.path)"));
        }
    }

    private void folder(Path folder) {
        if (found != null) {
            return;
        }
        boolean any = false;
        for (String name : names) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                any = true;
                open(file.toString());
            }
        }
        if (!any) {
            // To search a folder is to execute it.
            String what = Files.isExecutable(folder) ? "has no " + String.join(" or ", names) : "permission denied";
            attempts.add(new Attempt(folder.toString(), what));
        }
    }

    private void open(String place) {
        if (found != null) {
            return;
        }
        try {
            if (place.contains("/")) {
                ElfFile.check(Path.of(place));
            }
            SymbolLookup symbols = system.loadPrivately(place);
            check.accept(symbols);
            attempts.add(new Attempt(place, "loaded"));
            found = new Found(place, symbols);
        } catch (IOException e) {
            attempts.add(new Attempt(place, reason(place, e)));
        }
    }

    /** Most begin with the place, which stands before it anyway. */
    private static String reason(String place, IOException e) {
        String reason = e instanceof AccessDeniedException ? "permission denied" : e.getMessage();
        return reason.startsWith(place) ? reason.substring(place.length()).replaceFirst("^:? ", "") : reason;
    }
}
