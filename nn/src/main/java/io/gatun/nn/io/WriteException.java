package io.gatun.nn.io;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** A file that could not be written to its end, and why: {@code FILE: No space left on device}. */
public final class WriteException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    private WriteException(Path file, IOException cause) {
        super(file.toString(), null, cause.getMessage());
        initCause(cause);
    }

    /** The cause itself where it says which file. */
    public static IOException of(Path file, IOException cause) {
        return cause instanceof FileSystemException || cause instanceof FormatException
                ? cause
                : new WriteException(file, cause);
    }
}
