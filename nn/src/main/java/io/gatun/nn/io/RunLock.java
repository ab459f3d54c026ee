package io.gatun.nn.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * Keeps two runs, of one JVM or of several, from writing one file: the lock is the operating system's, so that a run which
 * was killed has none. A process that opens the file a second time and closes it gives the lock back (POSIX), so whoever has
 * it reads through its own channel.
 */
public final class RunLock {
    /** Behind the end of any file: Windows would refuse readers a place that is locked. */
    private static final long PLACE = Long.MAX_VALUE - 1;

    private RunLock() {}

    /**
     * Locks the file until the channel is closed; closes the channel where it cannot.
     *
     * @param channel open for writing
     * @throws FileSystemException naming the file, when another run has it
     */
    public static void take(FileChannel channel, Path file) throws IOException {
        boolean free = false;
        try {
            free = channel.tryLock(PLACE, 1, false) != null;
        } catch (OverlappingFileLockException e) {
            throw taken(file, e);
        } finally {
            if (!free) {
                channel.close();
            }
        }
        if (!free) {
            throw taken(file, null);
        }
    }

    private static FileSystemException taken(Path file, Exception cause) {
        FileSystemException taken = new FileSystemException(
                file.toString(), null, "another run is writing it; wait for its end, or choose another folder");
        taken.initCause(cause);
        return taken;
    }
}
