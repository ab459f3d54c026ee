package io.gatun.nn.io;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * NumPy's {@code .npz} files: a zip of {@code NAME.npy} entries, stored ({@code savez}) or deflated
 * ({@code savez_compressed}).
 */
public final class Npz {
    /** What {@link #read(Path, Arena)} takes at most, all arrays together: 4 GiB. */
    public static final long DEFAULT_LIMIT = 4L << 30;

    private static final String SUFFIX = ".npy";

    /** Deflate expands no more than this. */
    private static final int MAX_EXPANSION = 1032;

    private static final int MAX_ENTRIES = 1 << 16;
    private static final int CHUNK = 1 << 16;

    private Npz() {}

    /** All arrays, by name without {@code .npy}, in the order of the file; at most {@link #DEFAULT_LIMIT} bytes. */
    public static Map<String, NpyArray> read(Path file, Arena arena) throws IOException {
        return read(file, arena, DEFAULT_LIMIT);
    }

    /**
     * All arrays, by name without {@code .npy}, in the order of the file.
     *
     * @param arena of the memory the arrays are copied to
     * @param limit most bytes of all arrays together
     * @throws FormatException when the file is no zip of {@code .npy} entries, a name is absolute, leaves its folder or
     *     occurs twice, an entry is larger than its header says or than deflate can make it, or all are larger than
     *     {@code limit}
     */
    public static Map<String, NpyArray> read(Path file, Arena arena, long limit) throws IOException {
        long size;
        // Refuses a pipe or link, which ZipFile would open.
        try (var channel = InputFile.open(file)) {
            size = channel.size();
        }
        try (ZipFile zip = new ZipFile(file.toFile())) {
            List<ZipEntry> entries = new ArrayList<>(Collections.list(zip.entries()));
            check(entries, file, size, limit);
            Map<String, NpyArray> arrays = new LinkedHashMap<>();
            for (ZipEntry entry : entries) {
                String name = name(entry, file);
                if (arrays.put(name, read(zip, entry, file, arena)) != null) {
                    throw new FormatException(file, 0, "entry " + name + SUFFIX + " occurs twice");
                }
            }
            return Collections.unmodifiableMap(arrays);
        } catch (EOFException | ZipException e) {
            throw new FormatException(file, 0, "is no whole zip: " + e.getMessage(), e);
        }
    }

    private static String name(ZipEntry entry, Path file) throws FormatException {
        String name = entry.getName();
        if (!name.endsWith(SUFFIX)) {
            throw new FormatException(file, 0, "entry \"" + name + "\" is no .npy");
        }
        boolean leaves = name.startsWith("/") || name.indexOf('\\') >= 0;
        for (String part : name.split("/")) {
            leaves |= part.equals("..");
        }
        if (leaves) {
            throw new FormatException(file, 0, "entry \"" + name + "\" names a place outside the archive");
        }
        return name.substring(0, name.length() - SUFFIX.length());
    }

    /** All before anything is inflated: entries that share their bytes are a bomb too. */
    private static void check(List<ZipEntry> entries, Path file, long fileSize, long limit) throws FormatException {
        if (entries.size() > MAX_ENTRIES) {
            throw new FormatException(file, 0, entries.size() + " entries are more than the limit of " + MAX_ENTRIES);
        }
        long room = fileSize;
        long left = limit;
        for (ZipEntry entry : entries) {
            long packed = entry.getCompressedSize();
            long bytes = entry.getSize();
            if (packed < 0 || bytes < 0 || packed > room) {
                throw new FormatException(
                        file,
                        0,
                        "entry " + entry.getName() + " says it has " + packed + " bytes in the file, of whose "
                                + fileSize + " only " + room + " are left");
            }
            if (bytes / MAX_EXPANSION > packed) {
                throw new FormatException(
                        file,
                        0,
                        "entry " + entry.getName() + " cannot have " + bytes + " bytes in " + packed
                                + " deflated ones");
            }
            room -= packed;
            if (bytes > left) {
                throw new FormatException(
                        file,
                        0,
                        "the arrays are larger than the limit of " + limit + " bytes: raise it if you trust the file");
            }
            left -= bytes;
        }
    }

    private static NpyArray read(ZipFile zip, ZipEntry entry, Path file, Arena arena) throws IOException {
        String where = "entry " + entry.getName() + " ";
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
            byte[] prefix = in.readNBytes(NpyHeader.MAX_PREFIX);
            int length = NpyHeader.length(prefix, file, where);
            if (length > entry.getSize()) {
                throw new FormatException(file, 0, where + "is truncated within its .npy header");
            }
            byte[] bytes = new byte[length];
            int have = Math.min(prefix.length, length);
            System.arraycopy(prefix, 0, bytes, 0, have);
            if (in.readNBytes(bytes, have, length - have) < length - have) {
                throw new FormatException(file, 0, where + "is truncated within its .npy header");
            }
            NpyHeader header = NpyHeader.parse(bytes, file, where);
            if (header.bytes() != entry.getSize() - length) {
                throw new FormatException(
                        file,
                        0,
                        where + "has " + (entry.getSize() - length) + " bytes of elements, its header says "
                                + header.bytes());
            }
            byte[] early = Arrays.copyOfRange(prefix, have, prefix.length);
            MemorySegment data = arena.allocate(header.bytes(), 64);
            copy(in, early, data, file, where);
            // ZipFile does not look at it.
            if (crc.getValue() != entry.getCrc()) {
                throw new FormatException(file, 0, where + "is damaged: its checksum is wrong");
            }
            return new NpyArray(header.type(), header.order(), header.fortran(), header.shape(), data);
        } catch (EOFException | ZipException e) {
            throw new FormatException(file, 0, where + "is broken: " + e.getMessage(), e);
        }
    }

    /** Exactly the announced bytes, and not one more. */
    private static void copy(InputStream in, byte[] early, MemorySegment data, Path file, String where)
            throws IOException {
        if (early.length > data.byteSize()) {
            throw new FormatException(file, 0, where + "goes on after its last element");
        }
        MemorySegment.copy(MemorySegment.ofArray(early), 0, data, 0, early.length);
        byte[] chunk = new byte[CHUNK];
        long at = early.length;
        while (true) {
            int read = in.read(chunk, 0, chunk.length);
            if (read < 0) {
                break;
            }
            if (read > data.byteSize() - at) {
                throw new FormatException(file, 0, where + "goes on after its last element");
            }
            MemorySegment.copy(MemorySegment.ofArray(chunk), 0, data, at, read);
            at += read;
        }
        if (at < data.byteSize()) {
            throw new FormatException(file, 0, where + "ends " + (data.byteSize() - at) + " bytes too soon");
        }
    }

    /**
     * Writes a file that {@code numpy.load} reads; an old file of that name is replaced when the new one is whole. The
     * same arrays give the same bytes: entries carry no time of their own.
     *
     * @param compressed deflated as {@code savez_compressed}, else stored as {@code savez}
     */
    public static void write(Path file, Map<String, NpyArray> arrays, boolean compressed) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (OutputStream raw = new BufferedOutputStream(Files.newOutputStream(temporary), CHUNK);
                    ZipOutputStream zip = new ZipOutputStream(raw)) {
                for (Map.Entry<String, NpyArray> array : arrays.entrySet()) {
                    write(zip, array.getKey(), array.getValue(), compressed);
                }
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void write(ZipOutputStream zip, String name, NpyArray array, boolean compressed) throws IOException {
        byte[] header = Npy.headerOf(array);
        ZipEntry entry = new ZipEntry(name + SUFFIX);
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
        if (!compressed) {
            CRC32 crc = new CRC32();
            crc.update(header);
            array.forEachChunk(crc::update);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(header.length + array.data().byteSize());
            entry.setCompressedSize(entry.getSize());
            entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(header);
        array.forEachChunk(zip::write);
        zip.closeEntry();
    }
}
