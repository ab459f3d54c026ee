package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads one IDX file of unsigned bytes, plain or gzipped: big-endian magic {@code 0x0000 08 rank}, one int for each
 * dimension, the bytes. What the header announces is compared with what the file can hold before memory is taken: a
 * plain file has exactly that size, and deflate expands at most 1,032 times.
 */
final class IdxStream implements AutoCloseable {
    /** A dimension that is read and not demanded. */
    static final int ANY = 0;

    /** 1 GiB: MNIST's largest file has 45 MiB, EMNIST's 522. */
    private static final int MAX_BYTES = 1 << 30;

    private static final int MAX_EXPANSION = 1032;

    private final Path file;
    private final FileChannel channel;
    private final InputStream stream;
    private final long mostBytes;
    private long offset;

    private IdxStream(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        InputStream raw = new BufferedInputStream(Channels.newInputStream(channel), 1 << 16);
        long size = channel.size();
        if (file.toString().endsWith(".gz")) {
            this.mostBytes = size * MAX_EXPANSION;
            this.stream = gzip(raw);
        } else {
            this.mostBytes = size;
            this.stream = raw;
        }
    }

    static IdxStream open(Path file) throws IOException {
        FileChannel channel = InputFile.open(file);
        try {
            return new IdxStream(file, channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * All elements.
     *
     * @param inner what the dimensions after the first must be; one that is {@link #ANY} becomes what it is
     */
    byte[] read(int magic, int rank, int... inner) throws IOException {
        byte[] header = read(4 + 4 * rank);
        ByteBuffer fields = ByteBuffer.wrap(header);
        int found = fields.getInt();
        if (found != magic) {
            throw new FormatException(
                    file, 0, String.format("the magic number is 0x%08x, must be 0x%08x", found, magic));
        }
        long bytes = fields.getInt();
        if (bytes < 0) {
            throw new FormatException(file, 4, "the number of items " + bytes + " is negative");
        }
        for (int i = 0; i < inner.length; i++) {
            int dimension = fields.getInt();
            boolean fits = inner[i] == ANY ? dimension > 0 : dimension == inner[i];
            if (!fits) {
                String wanted = inner[i] == ANY ? "at least 1" : Integer.toString(inner[i]);
                throw new FormatException(
                        file, 8 + 4L * i, "dimension " + (i + 1) + " is " + dimension + ", must be " + wanted);
            }
            inner[i] = dimension;
            // Looked at each time, so that no product passes 2^62.
            bytes = limited(bytes * dimension);
        }
        limited(bytes);
        if (bytes > mostBytes) {
            throw new FormatException(
                    file, channel.size(), "the file is truncated: it cannot hold the " + bytes + " bytes announced");
        }
        byte[] elements = read((int) bytes);
        if (readOne() >= 0) {
            throw new FormatException(file, offset, "bytes follow the last item");
        }
        return elements;
    }

    private long limited(long bytes) throws FormatException {
        if (bytes > MAX_BYTES) {
            throw new FormatException(file, 4, bytes + " bytes are announced, the limit is " + MAX_BYTES);
        }
        return bytes;
    }

    private byte[] read(int count) throws IOException {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count; ) {
            int read = readSome(bytes, at);
            if (read < 0) {
                throw new FormatException(
                        file, offset, "the file is truncated: " + (count - at) + " more bytes were expected");
            }
            at += read;
            offset += read;
        }
        return bytes;
    }

    private int readOne() throws IOException {
        byte[] one = new byte[1];
        return readSome(one, 0);
    }

    private int readSome(byte[] bytes, int at) throws IOException {
        try {
            return stream.read(bytes, at, bytes.length - at);
        } catch (EOFException | ZipException e) {
            throw new FormatException(file, offset, "the gzip stream is broken: " + e.getMessage(), e);
        }
    }

    private InputStream gzip(InputStream raw) throws IOException {
        try {
            return new GZIPInputStream(raw, 1 << 16);
        } catch (EOFException | ZipException e) {
            throw new FormatException(file, 0, "the file is not gzip: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        stream.close();
        channel.close();
    }
}
