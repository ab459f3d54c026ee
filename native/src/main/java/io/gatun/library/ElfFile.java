package io.gatun.library;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Refuses a shared library that is not whole: {@code dlopen} maps what the headers promise, and touching a page past
 * the end of the file is SIGBUS, which ends the JVM.
 */
public final class ElfFile {
    private static final int HEADER = 64;

    /** ELF's numbers of processors, by what Java calls them. */
    private static final Map<String, Integer> MACHINES = Map.of("amd64", 62, "aarch64", 183);

    private ElfFile() {}

    /** Throws if the file is no 64-bit ELF file for this processor or is shorter than its own headers say. */
    public static void check(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is not a file"); // to open a pipe would wait for its other end
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            ByteBuffer header = read(channel, 0, HEADER);
            if (header.limit() < HEADER || header.getInt(0) != 0x464c_457f || header.get(4) != 2) {
                throw new IOException(file + " is not a 64-bit ELF library");
            }
            int machine = header.getShort(18);
            if (machine != MACHINES.getOrDefault(System.getProperty("os.arch"), machine)) {
                throw new IOException(file + " is for another processor (ELF machine " + machine + ")");
            }
            long needed = header.getLong(40) + (long) header.getShort(58) * header.getShort(60);
            int entries = header.getShort(56);
            int entrySize = header.getShort(54);
            ByteBuffer segments = read(channel, header.getLong(32), entries * entrySize);
            for (int at = 0; at + entrySize <= segments.limit(); at += entrySize) {
                needed = Math.max(needed, segments.getLong(at + 8) + segments.getLong(at + 32));
            }
            if (segments.limit() < entries * entrySize || size < needed) {
                throw new IOException(file + " is truncated: " + size + " bytes, its headers promise " + needed);
            }
        }
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining() && channel.read(buffer, position + buffer.position()) > 0) {
            // A short read is continued; at the end of the file the buffer stays shorter than asked.
        }
        return buffer.flip();
    }
}
