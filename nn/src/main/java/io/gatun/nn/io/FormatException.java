package io.gatun.nn.io;

import java.io.IOException;
import java.nio.file.Path;

/** A file that breaks its format: which file, at which byte, and in one sentence how. */
public final class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;
    private final long offset;

    /**
     * @param file the file as the caller named it
     * @param offset byte of the file (of the inflated stream for {@code .gz}) where reading had to stop, at least 0
     * @param problem what is wrong and, where known, what to do; no full stop
     */
    public FormatException(Path file, long offset, String problem) {
        this(file, offset, problem, null);
    }

    /** As above, with the exception that a lower layer gave. */
    public FormatException(Path file, long offset, String problem, Throwable cause) {
        super(file + ": " + problem + " (at byte " + offset + ")", cause);
        this.file = file;
        this.offset = offset;
    }

    private FormatException(Path file, String message, Throwable cause) {
        super(message, cause);
        this.file = file;
        this.offset = -1;
    }

    /**
     * The same for a format of lines.
     *
     * @param line from 1
     * @param column the field in the line, from 1; 0 when the whole line is meant
     * @param problem what is wrong and, where known, what to do; no full stop
     * @param cause what a lower layer threw, or null
     */
    public static FormatException atLine(Path file, long line, int column, String problem, Throwable cause) {
        String place = column > 0 ? "line " + line + ", column " + column : "line " + line;
        return new FormatException(file, file + ": " + problem + " (" + place + ")", cause);
    }

    /** The file as the caller named it; null only after Java serialization. */
    public Path file() {
        return file;
    }

    /** The byte where reading had to stop; -1 for a format of lines, whose message names the line. */
    public long offset() {
        return offset;
    }
}
