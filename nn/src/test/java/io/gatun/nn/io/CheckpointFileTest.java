package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFileTest {
    private static final SegmentAllocator NO_MEMORY = (size, alignment) -> {
        throw new AssertionError("memory was asked for before the file was checked");
    };

    @TempDir
    Path folder;

    private Arena arena;
    private Path file;

    @BeforeEach
    void open() {
        arena = Arena.ofConfined();
        file = folder.resolve("model.ckpt");
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void returnsTensorsAndMetadata() throws IOException {
        List<NamedTensor> tensors = SampleTensors.all(arena);
        CheckpointFile.write(file, tensors, SampleTensors.METADATA);
        CheckpointFile.Content content = CheckpointFile.read(file, arena);
        assertThat(content.metadata()).isEqualTo(SampleTensors.METADATA);
        assertThat(content.tensors()).hasSameSizeAs(tensors);
        for (NamedTensor tensor : tensors) {
            assertThat(content.tensor(tensor.name()).data().mismatch(tensor.data()))
                    .isEqualTo(-1);
            assertThat(content.tensor(tensor.name()).shape()).isEqualTo(tensor.shape());
        }
        assertThat(names()).containsExactly("model.ckpt");
    }

    @Test
    void keepsThePreviousOne() throws IOException {
        for (int step = 0; step < 4; step++) {
            save(step);
        }
        assertThat(step(CheckpointFile.read(file, arena))).isEqualTo(3);
        assertThat(step(CheckpointFile.read(folder.resolve("model.ckpt.previous"), arena)))
                .isEqualTo(2);
        assertThat(names()).containsExactly("model.ckpt", "model.ckpt.previous");
    }

    @Test
    void aSaveAfterOneThatWasKilledBetweenItsRenamesStillKeepsThePreviousOne() throws IOException {
        save(1);
        Files.createLink(folder.resolve("model.ckpt.previous"), file);
        Files.write(folder.resolve("model.ckpt.tmp"), new byte[100_000]);
        save(2);
        assertThat(step(CheckpointFile.read(file, arena))).isEqualTo(2);
        assertThat(step(CheckpointFile.read(folder.resolve("model.ckpt.previous"), arena)))
                .isEqualTo(1);
        assertThat(names()).containsExactly("model.ckpt", "model.ckpt.previous");
    }

    @Test
    void truncatedAtEvery97thByteIsRefusedWithTheOffset() throws IOException {
        save(5);
        byte[] whole = Files.readAllBytes(file);
        assertThat(whole.length).isGreaterThan(97 * 20);
        for (int length = 0; length < whole.length; length += 97) {
            Path cut = folder.resolve("cut");
            Files.write(cut, Arrays.copyOf(whole, length));
            FormatException refusal =
                    catchThrowableOfType(FormatException.class, () -> CheckpointFile.read(cut, NO_MEMORY));
            assertThat(refusal).as("cut at %d", length).isNotNull();
            assertThat(refusal.offset()).isEqualTo(length);
            assertThat(refusal).hasMessageContaining(cut.toString()).hasMessageContaining("truncated");
        }
    }

    /** Also within the padding: a flipped space is no space any more. */
    @Test
    void oneFlippedBitAnywhereIsRefused() throws IOException {
        CheckpointFile.write(file, SampleTensors.all(arena), SampleTensors.METADATA);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] bytes = whole.clone();
            bytes[i] ^= 1;
            Path flipped = folder.resolve("flipped");
            Files.write(flipped, bytes);
            assertThatThrownBy(() -> CheckpointFile.read(flipped, NO_MEMORY))
                    .as("bit of byte %d", i)
                    .isInstanceOf(FormatException.class);
        }
    }

    @Test
    void fallsBackOnlyWhenAskedAndSaysSo() throws IOException {
        save(1);
        save(2);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> CheckpointFile.read(file, arena)).isInstanceOf(FormatException.class);
        List<String> messages = new ArrayList<>();
        CheckpointFile.Content content = CheckpointFile.readOrPrevious(file, arena, messages::add);
        assertThat(step(content)).isEqualTo(1);
        assertThat(content.file()).isEqualTo(folder.resolve("model.ckpt.previous"));
        assertThat(messages).singleElement().asString().contains("previous", "is damaged", "CRC32C");

        Files.delete(file);
        assertThat(step(CheckpointFile.readOrPrevious(file, arena, messages::add)))
                .isEqualTo(1);
        assertThat(messages.getLast()).contains("does not exist");
    }

    @Test
    void whenNeitherLoadsTheFirstReasonIsGiven() throws IOException {
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> CheckpointFile.readOrPrevious(file, arena, m -> {}))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("model.ckpt: ")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
        assertThatThrownBy(() -> CheckpointFile.read(folder.resolve("none"), arena))
                .isInstanceOf(NoSuchFileException.class);
    }

    /** The k-th write to disk fails, for every k: the old checkpoint stays, nothing is left, and the next save works. */
    @Test
    void fullDiskLeavesTheFormerCheckpoint() throws IOException {
        save(1);
        int failures = 0;
        for (int room = 0; ; room++) {
            FullDisk[] disk = new FullDisk[1];
            int limit = room;
            try {
                CheckpointFile.write(file, step(2), Map.of("step", "2"), to -> disk[0] = new FullDisk(to, limit));
                break;
            } catch (WriteException full) {
                assertThat(full).hasMessage(file + ": No space left on device");
                failures++;
                assertThat(step(CheckpointFile.read(file, arena))).isEqualTo(1);
                assertThat(names()).containsExactly("model.ckpt");
            }
        }
        assertThat(failures).isGreaterThanOrEqualTo(3);
        assertThat(step(CheckpointFile.read(file, arena))).isEqualTo(2);
    }

    @Test
    void aDiskThatLosesAByteIsFoundBeforeTheFormerCheckpointIsReplaced() throws IOException {
        save(1);
        assertThatThrownBy(() -> CheckpointFile.write(file, step(2), Map.of(), LyingDisk::new))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("CRC32C");
        assertThat(step(CheckpointFile.read(file, arena))).isEqualTo(1);
        assertThat(names()).containsExactly("model.ckpt");
    }

    @Test
    void refusesReservedKeysAndPlainSafetensors() throws IOException {
        assertThatThrownBy(() -> CheckpointFile.write(file, List.of(), Map.of("gatun.crc32c:x", "1")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reserved");
        Safetensors.write(file, SampleTensors.all(arena), Map.of());
        assertThatThrownBy(() -> CheckpointFile.read(file, arena)).hasMessageContaining("not a checkpoint");
    }

    @Test
    void aPlantedTemporaryLinkIsNotFollowed() throws IOException {
        Path victim = folder.resolve("victim");
        Files.writeString(victim, "precious");
        Files.createSymbolicLink(folder.resolve("model.ckpt.tmp"), victim);
        assertThatThrownBy(() -> save(1)).isInstanceOf(IOException.class);
        assertThat(victim).hasContent("precious");
    }

    private void save(int step) throws IOException {
        CheckpointFile.write(file, step(step), Map.of("step", Integer.toString(step)));
    }

    /** 4,000 bytes that all depend on the step. */
    private List<NamedTensor> step(int step) {
        MemorySegment data = arena.allocate(4000, 4);
        for (int i = 0; i < 1000; i++) {
            data.setAtIndex(ValueLayout.JAVA_INT, i, step);
        }
        return List.of(new NamedTensor("w", TensorType.I32, new long[] {1000}, data));
    }

    private static int step(CheckpointFile.Content content) {
        return content.tensor("w").data().getAtIndex(ValueLayout.JAVA_INT, 999);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** Takes {@code room} writes, then half of one, then fails as Linux does. */
    private static final class FullDisk implements WritableByteChannel {
        private final WritableByteChannel to;
        private int room;

        FullDisk(WritableByteChannel to, int room) {
            this.to = to;
            this.room = room;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            if (room-- > 0) {
                return to.write(bytes);
            }
            to.write(bytes.slice(0, bytes.remaining() / 2));
            throw new IOException("No space left on device");
        }

        @Override
        public boolean isOpen() {
            return to.isOpen();
        }

        @Override
        public void close() throws IOException {
            to.close();
        }
    }

    /** Writes everything but changes the first byte of each large write. */
    private static final class LyingDisk implements WritableByteChannel {
        private final WritableByteChannel to;

        LyingDisk(WritableByteChannel to) {
            this.to = to;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() < 4000) {
                return to.write(bytes);
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            copy[0] ^= 4;
            return to.write(ByteBuffer.wrap(copy));
        }

        @Override
        public boolean isOpen() {
            return to.isOpen();
        }

        @Override
        public void close() throws IOException {
            to.close();
        }
    }
}
