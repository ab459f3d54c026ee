package io.gatun.nn.log;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** A text file that grows by whole lines, each on its way to the disk when {@link #line} returns. */
final class LineLog implements AutoCloseable {
    private final Writer writer;

    private LineLog(Path file) throws IOException {
        writer = Files.newBufferedWriter(
                file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** An empty one; what was there is lost. */
    static LineLog fresh(Path file) throws IOException {
        folder(file);
        Files.deleteIfExists(file);
        return new LineLog(file);
    }

    /** One that goes on behind those lines that are kept; a line that a kill has cut off is dropped. */
    static LineLog resumed(Path file, Predicate<String> keep) throws IOException {
        folder(file);
        if (Files.exists(file)) {
            List<String> kept = new ArrayList<>();
            String text = Files.readString(file);
            text.substring(0, text.lastIndexOf('\n') + 1).lines().filter(keep).forEach(kept::add);
            Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
            Files.write(temporary, kept);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        return new LineLog(file);
    }

    private static void folder(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
    }

    void line(String text) throws IOException {
        writer.write(text + "\n");
        writer.flush();
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
