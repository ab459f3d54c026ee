package io.gatun.nn.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Replaces a file so that a crash at any instant leaves a whole one under its name: the old or the new. The old one
 * stays as {@code NAME.previous}. Steps: write {@code NAME.tmp} in the same directory, fsync, verify it as re-read,
 * link the old file to {@code .previous}, rename the new one over the old name, fsync the directory.
 */
final class AtomicFile {
    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

    /** Writes the new content. */
    interface Body {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Throws when the file that was just written and synced does not read back as it should. */
    interface Check {
        void verify(Path written) throws IOException;
    }

    private AtomicFile() {}

    static Path previous(Path file) {
        return file.resolveSibling(file.getFileName() + ".previous");
    }

    static void replace(Path file, Body body, Check check) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            // No link is followed: a planted NAME.tmp must not make us overwrite its target.
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    LinkOption.NOFOLLOW_LINKS)) {
                body.writeTo(channel);
                channel.force(true);
            } catch (IOException e) {
                throw WriteException.of(file, e);
            }
            check.verify(temporary);
            keepPrevious(file);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            syncDirectory(file);
        } catch (IOException | RuntimeException e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException undeletable) {
                e.addSuppressed(undeletable);
            }
            throw e;
        }
    }

    /** By a hard link, so that {@code file} never lacks its name; where links do not exist, by a rename. */
    private static void keepPrevious(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Path link = file.resolveSibling(file.getFileName() + ".previous.tmp");
        Files.deleteIfExists(link);
        try {
            Files.createLink(link, file);
        } catch (UnsupportedOperationException | FileSystemException e) {
            // Between this rename and the next one a kill leaves only .previous, which readOrPrevious still finds.
            Files.move(file, previous(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return;
        }
        Files.move(link, previous(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        // rename(2) of two links to one inode does nothing, which is what a save killed right here leaves behind.
        Files.deleteIfExists(link);
    }

    /** Makes the renames durable. Windows cannot open directories and journals renames itself. */
    private static void syncDirectory(Path file) throws IOException {
        if (!WINDOWS) {
            Path directory = file.toAbsolutePath().getParent();
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
