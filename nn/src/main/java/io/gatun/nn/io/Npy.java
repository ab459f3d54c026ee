package io.gatun.nn.io;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * NumPy's {@code .npy} files, versions 1.0, 2.0 and 3.0: booleans, signed and unsigned integers of 8 to 64 bits, and
 * floats of 16, 32 and 64, in either byte order, C and Fortran order. Records and objects are refused. The file must end
 * with its last element.
 */
public final class Npy {
    /** One call of the operating system for each; a segment may be larger than a ByteBuffer. */
    private static final int CHUNK = 1 << 30;

    private Npy() {}

    /**
     * Copies a file into native memory at a 64-byte boundary.
     *
     * @param arena of the memory
     * @throws FormatException when the file is no whole {@code .npy} file; nothing of its size is allocated before its
     *     header and length agree
     */
    public static NpyArray read(Path file, Arena arena) throws IOException {
        try (FileChannel channel = InputFile.open(file)) {
            NpyHeader header = header(channel, file);
            MemorySegment data = arena.allocate(header.bytes(), 64);
            for (long at = 0; at < data.byteSize(); at += CHUNK) {
                long size = Math.min(CHUNK, data.byteSize() - at);
                InputFile.readFully(channel, data.asSlice(at, size).asByteBuffer(), header.dataStart() + at, file);
            }
            return new NpyArray(header.type(), header.order(), header.fortran(), header.shape(), data);
        }
    }

    /**
     * Maps a file: no copy, pages come from the disk when read, and the segment cannot be written. Files that NumPy
     * wrote begin their elements at a multiple of 64 bytes (older ones of 16). Only for files that nobody truncates
     * meanwhile: a page that is gone is an InternalError in Java and ends the process in native code.
     *
     * @param arena ends the mapping
     * @throws FormatException when the file is no whole {@code .npy} file
     */
    public static NpyArray map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = InputFile.open(file)) {
            NpyHeader header = header(channel, file);
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, header.dataStart(), header.bytes(), arena);
            return new NpyArray(header.type(), header.order(), header.fortran(), header.shape(), data);
        }
    }

    private static NpyHeader header(FileChannel channel, Path file) throws IOException {
        long size = channel.size();
        byte[] prefix = new byte[(int) Math.min(NpyHeader.MAX_PREFIX, size)];
        InputFile.readFully(channel, ByteBuffer.wrap(prefix), 0, file);
        int length = NpyHeader.length(prefix, file, "");
        if (length > size) {
            throw new FormatException(file, size, "is truncated: its .npy header ends at byte " + length);
        }
        byte[] bytes = new byte[length];
        InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
        NpyHeader header = NpyHeader.parse(bytes, file, "");
        long found = size - length;
        if (found != header.bytes()) {
            throw new FormatException(
                    file,
                    found < header.bytes() ? size : length + header.bytes(),
                    (found < header.bytes() ? "is truncated: " : "has bytes behind its last element: ")
                            + "the header says " + header.bytes() + " bytes of elements, the file has " + found);
        }
        return header;
    }

    /**
     * Writes a file, version 1.0, that {@code numpy.load} reads; an old file of that name is replaced when the new one
     * is whole.
     */
    public static void write(Path file, NpyArray array) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (OutputStream out = Files.newOutputStream(temporary)) {
                out.write(headerOf(array));
                array.forEachChunk(out::write);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** float32 in row-major order. */
    public static void write(Path file, float[] values, long... shape) throws IOException {
        write(file, NpyArray.of(values, shape));
    }

    /** int32 in row-major order. */
    public static void write(Path file, int[] values, long... shape) throws IOException {
        write(file, NpyArray.of(values, shape));
    }

    static byte[] headerOf(NpyArray array) {
        ByteOrder order = array.type().bytes() == 1 ? ByteOrder.LITTLE_ENDIAN : array.order();
        return NpyHeader.write(array.type(), order, array.fortran(), array.shape());
    }
}
