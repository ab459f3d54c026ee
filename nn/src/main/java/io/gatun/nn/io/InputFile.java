package io.gatun.nn.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Opens and reads files that may be hostile. They are copied, for a mapped file that someone truncates is an
 * InternalError in Java and a SIGBUS in native code; the one exception is {@link Npy#map}, for those who ask for it.
 */
public final class InputFile {
    private InputFile() {}

    /**
     * Opens a regular file for reading. A FIFO would block for ever, a directory fails later with an obscure message,
     * and a symbolic link may point anywhere: pass {@code path.toRealPath()} to say that the target is meant.
     *
     * @throws FormatException when {@code file} is a directory, FIFO, device, socket or symbolic link
     * @throws java.nio.file.NoSuchFileException when it is not there
     */
    public static FileChannel open(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (found.isSymbolicLink()) {
            throw new FormatException(
                    file, 0, "is a symbolic link, where a regular file is required; name its target instead");
        }
        if (!found.isRegularFile()) {
            String kind = found.isDirectory() ? "directory" : "pipe, device or socket";
            throw new FormatException(file, 0, "is a " + kind + ", where a regular file is required");
        }
        return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Fills what remains of {@code target} from {@code position} on.
     *
     * @throws FormatException when the file ends first, at the byte where it ends
     */
    public static void readFully(FileChannel channel, ByteBuffer target, long position, Path file) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                throw new FormatException(
                        file, at, "the file is truncated: " + target.remaining() + " more bytes were expected");
            }
            at += read;
        }
    }
}
