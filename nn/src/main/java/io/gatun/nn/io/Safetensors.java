package io.gatun.nn.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.gatun.memory.Places;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads and writes safetensors files (format: 8 bytes of little-endian header length, a JSON header, the tensors
 * without gaps). Same input, same bytes: tensors are ordered by falling element size and then by name, so that each is
 * aligned to its element, and metadata by key; the header is padded with spaces to a multiple of 8.
 *
 * <p>The methods are thread-safe; two writers of one path are not coordinated.
 */
public final class Safetensors {
    /** Bytes moved at once: large enough to hide the call, small enough never to matter as memory. */
    static final int CHUNK = 1 << 20;

    /** How torch.save's files begin, little-endian: PK\3\4, and before PyTorch 1.6 a pickle of protocol 2. */
    private static final int ZIP = 0x0403_4B50;

    private static final short PICKLE = 0x0280;

    private static final JsonFactory JSON = new JsonFactory();

    private Safetensors() {}

    /**
     * Opens a file and checks its whole header, allocating at most 16 MiB for it; tensor data is not touched yet.
     *
     * @throws FormatException when the file is not a well-formed safetensors file or not a regular file
     */
    public static SafetensorsFile open(Path file) throws IOException {
        FileChannel channel = InputFile.open(file);
        try {
            return new SafetensorsFile(file, channel, readHeader(file, channel));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static SafetensorsHeader readHeader(Path file, FileChannel channel) throws IOException {
        long size = channel.size();
        if (size < SafetensorsHeader.PREFIX) {
            throw new FormatException(file, size, "the file is truncated: its first 8 bytes must be a header length");
        }
        ByteBuffer prefix = ByteBuffer.allocate(SafetensorsHeader.PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        InputFile.readFully(channel, prefix, 0, file);
        long length = prefix.getLong(0);
        if (length < 0 || length > SafetensorsHeader.MAX_BYTES) {
            if (prefix.getInt(0) == ZIP || prefix.getShort(0) == PICKLE) {
                throw new FormatException(
                        file,
                        0,
                        "is a file of torch.save, which holds Python code and is never read; write the weights in"
                                + " Python by safetensors.torch.save_file(model.state_dict(), \"x.safetensors\")");
            }
            throw new FormatException(
                    file,
                    0,
                    "the header length " + Long.toUnsignedString(length) + " is above the limit of "
                            + SafetensorsHeader.MAX_BYTES + " bytes");
        }
        if (length > size - SafetensorsHeader.PREFIX) {
            throw new FormatException(
                    file, size, "the file is truncated: a header of " + length + " bytes was announced");
        }
        byte[] json = new byte[(int) length];
        InputFile.readFully(channel, ByteBuffer.wrap(json), SafetensorsHeader.PREFIX, file);
        return SafetensorsHeader.parse(json, size, file);
    }

    /**
     * Writes a file in place, replacing what is there. A crash midway leaves a broken file: {@link CheckpointFile} is
     * for what must survive.
     *
     * @param tensors names unique, data native or byte-array segments
     * @param metadata any strings
     * @throws IllegalArgumentException when two tensors share a name or the header would exceed 16 MiB
     */
    public static void write(Path file, List<NamedTensor> tensors, Map<String, String> metadata) throws IOException {
        byte[] header = header(inFileOrder(tensors), metadata);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)) {
            writeTo(channel, header, inFileOrder(tensors));
        }
    }

    static void writeTo(WritableByteChannel channel, List<NamedTensor> tensors, Map<String, String> metadata)
            throws IOException {
        List<NamedTensor> ordered = inFileOrder(tensors);
        writeTo(channel, header(ordered, metadata), ordered);
    }

    private static void writeTo(WritableByteChannel channel, byte[] header, List<NamedTensor> ordered)
            throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate(SafetensorsHeader.PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        writeFully(channel, prefix.putLong(0, header.length));
        writeFully(channel, ByteBuffer.wrap(header));
        for (NamedTensor tensor : ordered) {
            MemorySegment data = tensor.data();
            for (long at = 0; at < data.byteSize(); at += CHUNK) {
                MemorySegment chunk = data.asSlice(at, Math.min(CHUNK, data.byteSize() - at));
                try (Arena arena = Arena.ofConfined()) {
                    writeFully(channel, Places.onHost(chunk, arena).asByteBuffer());
                }
            }
        }
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static List<NamedTensor> inFileOrder(List<NamedTensor> tensors) {
        Set<String> names = new HashSet<>();
        for (NamedTensor tensor : tensors) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("two tensors are named " + tensor.name());
            }
        }
        List<NamedTensor> ordered = new ArrayList<>(tensors);
        ordered.sort(
                Comparator.comparingInt((NamedTensor t) -> -t.type().bytes()).thenComparing(NamedTensor::name));
        return ordered;
    }

    private static byte[] header(List<NamedTensor> ordered, Map<String, String> metadata) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsHeader.METADATA);
                for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long begin = 0;
            for (NamedTensor tensor : ordered) {
                long end = begin + tensor.data().byteSize();
                json.writeObjectFieldStart(tensor.name());
                json.writeStringField("dtype", tensor.type().name());
                json.writeFieldName("shape");
                json.writeArray(tensor.shape(), 0, tensor.shape().length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {begin, end}, 0, 2);
                json.writeEndObject();
                begin = end;
            }
            json.writeEndObject();
        }
        while (bytes.size() % 8 != 0) {
            bytes.write(' ');
        }
        if (bytes.size() > SafetensorsHeader.MAX_BYTES) {
            throw new IllegalArgumentException("the header of " + ordered.size() + " tensors would be " + bytes.size()
                    + " bytes, the limit is " + SafetensorsHeader.MAX_BYTES);
        }
        return bytes.toByteArray();
    }
}
