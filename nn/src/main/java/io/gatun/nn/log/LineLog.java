package io.gatun.nn.log;

import io.gatun.nn.io.RunLock;
import io.gatun.nn.io.WriteException;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A text file that grows by whole lines, each on its way to the disk when {@link #line} returns. It is this run's own as
 * long as it is open: of two runs with one folder the second is refused before it spoils what the first writes.
 */
final class LineLog implements AutoCloseable {
    private final Path file;
    private final Writer writer;

    private LineLog(Path file, FileChannel channel) {
        this.file = file;
        writer = Channels.newWriter(channel, StandardCharsets.UTF_8);
    }

    /** An empty one; what was there is lost. */
    static LineLog fresh(Path file) throws IOException {
        FileChannel channel = open(file);
        channel.truncate(0);
        return new LineLog(file, channel);
    }

    /** One that goes on behind those lines that are kept; a line that a kill has cut off is dropped. */
    static LineLog resumed(Path file, Predicate<String> keep) throws IOException {
        // Refused while another run has it; closed again, for Windows replaces no open file.
        open(file).close();
        List<String> kept = new ArrayList<>();
        String text = Files.readString(file);
        text.substring(0, text.lastIndexOf('\n') + 1).lines().filter(keep).forEach(kept::add);
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(temporary, kept);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        FileChannel channel = open(file);
        channel.position(channel.size());
        return new LineLog(file, channel);
    }

    /** Made with its folder if it is not there, and locked. */
    private static FileChannel open(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        RunLock.take(channel, file);
        return channel;
    }

    void line(String text) throws IOException {
        try {
            writer.write(text + "\n");
            writer.flush();
        } catch (IOException e) {
            throw WriteException.of(file, e);
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
