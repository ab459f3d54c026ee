package io.gatun.nn.data;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds a data set's files in a folder and, when some are not there, names them all at once. */
final class DataFolder {
    private DataFolder() {}

    /**
     * The path of each wanted file; a file may also carry one of {@code suffixes}.
     *
     * @throws NoSuchFileException naming every missing file
     */
    static List<Path> find(String set, Path folder, List<String> wanted, List<String> suffixes)
            throws NoSuchFileException, NotDirectoryException {
        if (!Files.exists(folder)) {
            throw new NoSuchFileException(folder.toString(), null, set + " folder does not exist");
        }
        if (!Files.isDirectory(folder)) {
            throw new NotDirectoryException(folder + ": is a file, but " + set + " needs the folder of its files");
        }
        List<Path> found = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String name : wanted) {
            Path path = suffixes.stream()
                    .map(suffix -> folder.resolve(name + suffix))
                    .filter(Files::exists)
                    .findFirst()
                    .orElse(null);
            if (path == null) {
                missing.add(name);
            } else {
                found.add(path);
            }
        }
        if (!missing.isEmpty()) {
            throw new NoSuchFileException(
                    folder.toString(),
                    null,
                    set + " folder lacks " + String.join(", ", missing)
                            + (suffixes.size() > 1 ? " (each plain or " + suffixes.getLast() + ")" : ""));
        }
        return found;
    }
}
