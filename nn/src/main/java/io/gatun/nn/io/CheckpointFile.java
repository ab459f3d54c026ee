package io.gatun.nn.io;

import io.gatun.memory.Places;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/**
 * A checkpoint: named tensors and strings in a safetensors file, with a CRC32C of every tensor and one of the header's
 * meaning in {@code __metadata__} (keys {@code gatun.crc32c:NAME} and {@code gatun.crc32c}). Any safetensors reader
 * opens it. A save that is killed or runs out of disk leaves the former checkpoint whole; the one before stays beside
 * it as {@code NAME.previous}. One writer at a time for a path; readers may come at any time.
 */
public final class CheckpointFile {
    /** Metadata keys that begin so are this class's own. */
    static final String RESERVED = "gatun.crc32c";

    private CheckpointFile() {}

    /**
     * What a checkpoint held.
     *
     * @param file the file it came from, the previous one after a fallback
     * @param tensors in the order of the file, in memory of the reader's allocator
     * @param metadata the strings given to {@link CheckpointFile#write}
     */
    public record Content(Path file, List<NamedTensor> tensors, Map<String, String> metadata) {
        /** @throws IllegalArgumentException when there is no tensor of that name */
        public NamedTensor tensor(String name) {
            for (NamedTensor tensor : tensors) {
                if (tensor.name().equals(name)) {
                    return tensor;
                }
            }
            throw new IllegalArgumentException(file + " has no tensor " + name + "; it has " + tensors);
        }
    }

    /**
     * Saves atomically: returns only when the new file is on disk, verified and in place. On any exception a whole
     * checkpoint is in place: the former one, or the new one when only the last directory sync failed.
     *
     * @param tensors names unique, data native or byte-array segments that nobody changes meanwhile
     * @param metadata any strings; keys must not start with {@code gatun.crc32c}
     */
    public static void write(Path file, List<NamedTensor> tensors, Map<String, String> metadata) throws IOException {
        write(file, tensors, metadata, UnaryOperator.identity());
    }

    /** As above; {@code disk} may stand between this class and the file, as a test's full disk does. */
    static void write(
            Path file, List<NamedTensor> tensors, Map<String, String> metadata, UnaryOperator<WritableByteChannel> disk)
            throws IOException {
        Map<String, String> all = new TreeMap<>(metadata);
        for (String key : metadata.keySet()) {
            if (key.startsWith(RESERVED)) {
                throw new IllegalArgumentException("metadata key " + key + " is reserved: choose another prefix");
            }
        }
        Meaning meaning = new Meaning(metadata);
        List<NamedTensor> byName = new ArrayList<>(tensors);
        byName.sort((a, b) -> a.name().compareTo(b.name()));
        for (NamedTensor tensor : byName) {
            meaning.add(tensor.name(), tensor.type(), tensor.shape());
            all.put(RESERVED + ":" + tensor.name(), hex(crc32c(tensor.data())));
        }
        all.put(RESERVED, hex(meaning.crc32c()));
        AtomicFile.replace(
                file, channel -> Safetensors.writeTo(disk.apply(channel), tensors, all), CheckpointFile::verify);
    }

    /**
     * Loads a checkpoint after checking all of it: memory is asked for only when every CRC is right.
     *
     * @param memory gives the tensors' memory, native, aligned to the element
     * @throws FormatException when the file is damaged, with the offset
     * @throws NoSuchFileException when it is not there
     */
    public static Content read(Path file, SegmentAllocator memory) throws IOException {
        try (SafetensorsFile open = Safetensors.open(file)) {
            verify(open);
            List<NamedTensor> tensors = new ArrayList<>();
            for (TensorInfo info : open.tensors()) {
                MemorySegment data =
                        memory.allocate(info.byteSize(), info.type().bytes());
                open.read(info.name(), data);
                checkCrc(open, info, crc32c(data));
                tensors.add(new NamedTensor(info.name(), info.type(), info.shape(), data));
            }
            return new Content(file, List.copyOf(tensors), userMetadata(open.metadata()));
        }
    }

    /**
     * Loads {@code file} or, when it is damaged or missing, {@code NAME.previous}; says so through {@code message}
     * in one sentence. When neither loads, throws what was wrong with {@code file}.
     */
    public static Content readOrPrevious(Path file, SegmentAllocator memory, Consumer<String> message)
            throws IOException {
        try {
            return read(file, memory);
        } catch (FormatException | NoSuchFileException e) {
            Path previous = AtomicFile.previous(file);
            try {
                Content content = read(previous, memory);
                String reason = e instanceof FormatException ? e.getMessage() : file + " does not exist";
                message.accept("loaded the previous checkpoint " + previous + " because " + reason);
                return content;
            } catch (IOException alsoBroken) {
                e.addSuppressed(alsoBroken);
                throw e;
            }
        }
    }

    /**
     * Whether this wrote a file, which is then checked.
     *
     * @throws FormatException when it is a checkpoint and damaged
     */
    public static boolean wrote(SafetensorsFile open) throws IOException {
        boolean ours = open.metadata().containsKey(RESERVED);
        if (ours) {
            verify(open);
        }
        return ours;
    }

    private static void verify(Path written) throws IOException {
        try (SafetensorsFile open = Safetensors.open(written)) {
            verify(open);
        }
    }

    private static void verify(SafetensorsFile open) throws IOException {
        Meaning meaning = new Meaning(userMetadata(open.metadata()));
        Map<String, TensorInfo> byName = new TreeMap<>();
        open.tensors().forEach(info -> byName.put(info.name(), info));
        byName.values().forEach(info -> meaning.add(info.name(), info.type(), info.shape()));
        String stored = open.metadata().get(RESERVED);
        if (stored == null) {
            throw new FormatException(
                    open.file(),
                    SafetensorsHeader.PREFIX,
                    "is a safetensors file but not a checkpoint of this library");
        }
        if (!stored.equals(hex(meaning.crc32c()))) {
            throw new FormatException(
                    open.file(), SafetensorsHeader.PREFIX, "the header is damaged: its CRC32C is not " + stored);
        }
        long largest =
                open.tensors().stream().mapToLong(TensorInfo::byteSize).max().orElse(0);
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.clamp(largest, 1, Safetensors.CHUNK));
        for (TensorInfo info : open.tensors()) {
            checkCrc(open, info, open.crc32c(info, buffer));
        }
    }

    private static void checkCrc(SafetensorsFile open, TensorInfo info, int crc) throws FormatException {
        String stored = open.metadata().get(RESERVED + ":" + info.name());
        if (!hex(crc).equals(stored)) {
            throw new FormatException(
                    open.file(),
                    info.offset(),
                    "tensor " + info + " is damaged: its CRC32C is " + hex(crc) + ", the header says " + stored);
        }
    }

    private static Map<String, String> userMetadata(Map<String, String> all) {
        Map<String, String> user = new TreeMap<>(all);
        user.keySet().removeIf(key -> key.startsWith(RESERVED));
        return user;
    }

    private static int crc32c(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long at = 0; at < data.byteSize(); at += Safetensors.CHUNK) {
            MemorySegment chunk = data.asSlice(at, Math.min(Safetensors.CHUNK, data.byteSize() - at));
            try (Arena arena = Arena.ofConfined()) {
                crc.update(Places.onHost(chunk, arena).asByteBuffer());
            }
        }
        return (int) crc.getValue();
    }

    private static String hex(int crc) {
        return String.format("%08x", crc);
    }

    /** CRC32C over metadata, names, types and shapes: a flipped digit in a step counter or a shape is found too. */
    private static final class Meaning {
        private final CRC32C crc = new CRC32C();

        Meaning(Map<String, String> metadata) {
            new TreeMap<>(metadata).forEach((key, value) -> {
                add(key);
                add(value);
            });
        }

        void add(String name, TensorType type, long[] shape) {
            add(name);
            add(type + Arrays.toString(shape));
        }

        /** Length first, so that no two lists of strings give the same bytes. */
        private void add(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            crc.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
            crc.update(bytes);
        }

        int crc32c() {
            return (int) crc.getValue();
        }
    }
}
