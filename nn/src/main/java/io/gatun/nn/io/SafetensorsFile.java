package io.gatun.nn.io;

import io.gatun.memory.Place;
import io.gatun.memory.Places;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * An open safetensors file whose header has been checked. Reads copy into the caller's memory; the file is never
 * mapped. Safe for use by several threads until it is closed.
 */
public final class SafetensorsFile implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata;

    SafetensorsFile(Path file, FileChannel channel, SafetensorsHeader header) {
        this.file = file;
        this.channel = channel;
        this.metadata = Collections.unmodifiableMap(header.metadata());
        for (TensorInfo info : header.tensors()) {
            tensors.put(info.name(), info);
        }
    }

    /** The path that was opened. */
    public Path file() {
        return file;
    }

    /** Every tensor, in the order of their bytes. */
    public List<TensorInfo> tensors() {
        return List.copyOf(tensors.values());
    }

    /** The strings of {@code __metadata__}; empty when there are none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** @throws IllegalArgumentException when there is no tensor of that name */
    public TensorInfo tensor(String name) {
        TensorInfo info = tensors.get(name);
        if (info == null) {
            throw new IllegalArgumentException(file + " has no tensor " + name + "; it has " + tensors.keySet());
        }
        return info;
    }

    /**
     * Copies the tensor's little-endian elements into {@code target}.
     *
     * @param target native or byte-array memory of exactly the tensor's size, on the host or a device
     * @throws FormatException when the file has become shorter since it was opened
     */
    public void read(String name, MemorySegment target) throws IOException {
        TensorInfo info = tensor(name);
        if (target.byteSize() != info.byteSize()) {
            throw new IllegalArgumentException("tensor " + info + " of " + file + " has " + info.byteSize()
                    + " bytes, the target has " + target.byteSize());
        }
        for (long at = 0; at < info.byteSize(); at += Safetensors.CHUNK) {
            long length = Math.min(Safetensors.CHUNK, info.byteSize() - at);
            read(info.offset() + at, target.asSlice(at, length));
        }
    }

    private void read(long offset, MemorySegment target) throws IOException {
        if (Place.of(target).isHost()) {
            InputFile.readFully(channel, target.asByteBuffer(), offset, file);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(target.byteSize(), Long.BYTES);
            InputFile.readFully(channel, chunk.asByteBuffer(), offset, file);
            Places.copy(chunk, target);
        }
    }

    /** CRC32C of the tensor's bytes in the file, through {@code buffer}, whose content is lost. */
    int crc32c(TensorInfo info, ByteBuffer buffer) throws IOException {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < info.byteSize(); at += buffer.capacity()) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), info.byteSize() - at));
            InputFile.readFully(channel, buffer, info.offset() + at, file);
            crc.update(buffer.flip());
        }
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
