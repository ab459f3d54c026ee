package io.gatun.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The folders in which NVIDIA's libraries may lie, in the order in which they are tried. */
final class CudaFolders {
    private static final Path LOCAL = Path.of("/usr/local");

    /** The first two name a toolkit, the others a Python environment. */
    private static final List<String> VARIABLES = List.of("CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX");

    /** Where {@link #installed} looks. */
    static final String INSTALLED = LOCAL + "/cuda*";

    private final Surroundings surroundings;

    CudaFolders(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** Variables that name a folder which is not there: {@code CUDA_HOME=/opt/cuda}. */
    List<String> missing() {
        return VARIABLES.stream()
                .filter(variable -> surroundings.environment(variable) != null)
                .map(variable -> variable + "=" + surroundings.environment(variable))
                .filter(said -> !Files.isDirectory(Path.of(said.substring(said.indexOf('=') + 1))))
                .toList();
    }

    /** Those that the user named: a toolkit's, then a Python environment's, whose wheels bring the libraries along. */
    List<Path> named() {
        Set<Path> folders = new LinkedHashSet<>();
        for (String variable : VARIABLES.subList(0, 2)) {
            String home = surroundings.environment(variable);
            if (home != null) {
                folders.addAll(toolkit(Path.of(home)));
            }
        }
        for (String variable : VARIABLES.subList(2, 4)) {
            String prefix = surroundings.environment(variable);
            if (prefix != null) {
                folders.addAll(wheels(Path.of(prefix)));
            }
        }
        return existing(folders);
    }

    /** Where a toolkit installs itself, the newest first. */
    List<Path> installed() {
        Set<Path> folders = new LinkedHashSet<>(toolkit(LOCAL.resolve("cuda")));
        for (Path toolkit : matching(LOCAL, "cuda-*").reversed()) {
            folders.addAll(toolkit(toolkit));
        }
        return existing(folders);
    }

    private static List<Path> toolkit(Path home) {
        return List.of(home.resolve("lib64"), home.resolve("lib"), home.resolve("targets/x86_64-linux/lib"));
    }

    /** {@code nvidia/cu13/lib}, {@code nvidia/cuda_runtime/lib}, {@code nvidia/cudnn/lib} … of each Python, and conda's own. */
    private static List<Path> wheels(Path prefix) {
        List<Path> folders = new ArrayList<>();
        folders.add(prefix.resolve("lib"));
        for (Path python : matching(prefix.resolve("lib"), "python3*")) {
            for (Path wheel : matching(python.resolve("site-packages/nvidia"), "*")) {
                folders.add(wheel.resolve("lib"));
            }
        }
        return folders;
    }

    private static List<Path> existing(Set<Path> folders) {
        // lib64 is often a link to lib, and /usr/local/cuda to one of its neighbours.
        Set<Path> seen = new LinkedHashSet<>();
        return folders.stream()
                .filter(Files::isDirectory)
                .filter(folder -> seen.add(real(folder)))
                .toList();
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot follow " + folder, e);
        }
    }

    private static List<Path> matching(Path folder, String glob) {
        if (!Files.isReadable(folder)) {
            return List.of();
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
            entries.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            // As good as absent: the search says which folders it looked at.
            return List.of();
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }
}
