package io.gatun.nn.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
    /** Exit status of make_golden.py when a Python package is missing. */
    private static final int ABSENT = 42;

    @TempDir
    Path folder;

    @Test
    void readsWhatPythonWrote() throws IOException {
        Path file = copyResource("golden.safetensors");
        assertHoldsSample(file);
    }

    @Test
    void readsWhatItWrote() throws IOException {
        Path file = folder.resolve("a.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            Safetensors.write(file, SampleTensors.all(arena), SampleTensors.METADATA);
        }
        assertHoldsSample(file);
    }

    @Test
    void pythonReadsWhatItWrote() throws Exception {
        Path file = folder.resolve("a.safetensors");
        try (Arena arena = Arena.ofConfined()) {
            Safetensors.write(file, SampleTensors.all(arena), SampleTensors.METADATA);
        }
        String python = System.getProperty("gatun.python", "python3");
        int status = run(python, copyResource("make_golden.py").toString(), "check", file.toString());
        assumeTrue(
                status != ABSENT,
                "SKIPPED: " + python + " with torch and safetensors is not here; name one by -Dgatun.python=…");
        assertThat(status).isZero();
    }

    @Test
    void sameTensorsInAnyOrderGiveTheSameAlignedBytes() throws IOException {
        Path first = folder.resolve("a");
        Path second = folder.resolve("b");
        try (Arena arena = Arena.ofConfined()) {
            List<NamedTensor> tensors = new ArrayList<>(SampleTensors.all(arena));
            Safetensors.write(first, tensors, SampleTensors.METADATA);
            Collections.reverse(tensors);
            Safetensors.write(second, tensors, SampleTensors.METADATA);
        }
        byte[] bytes = Files.readAllBytes(first);
        assertThat(bytes).isEqualTo(Files.readAllBytes(second));
        long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertThat(header % 8).isZero();
        try (SafetensorsFile open = Safetensors.open(first)) {
            assertThat(open.tensors())
                    .allSatisfy(t -> assertThat(t.offset() % t.type().bytes()).isZero());
        }
    }

    @Test
    void movesTensorsLargerThanOneChunk() throws IOException {
        Path file = folder.resolve("large");
        byte[] bytes = new byte[2 * Safetensors.CHUNK + 4];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 >> 3);
        }
        NamedTensor large =
                new NamedTensor("x", TensorType.F32, new long[] {bytes.length / 4}, MemorySegment.ofArray(bytes));
        Safetensors.write(file, List.of(large), Map.of());
        byte[] back = new byte[bytes.length];
        try (SafetensorsFile open = Safetensors.open(file)) {
            open.read("x", MemorySegment.ofArray(back));
            assertThat(open.metadata()).isEmpty();
        }
        assertThat(back).isEqualTo(bytes);
    }

    @Test
    void readRefusesAnotherSizeAndAnUnknownName() throws IOException {
        try (SafetensorsFile open = Safetensors.open(copyResource("golden.safetensors"))) {
            assertThatThrownBy(() -> open.read("steps", MemorySegment.ofArray(new byte[15])))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("steps I64[2]")
                    .hasMessageContaining("16 bytes")
                    .hasMessageContaining("15");
            assertThatThrownBy(() -> open.tensor("stepz"))
                    .hasMessageContaining("stepz")
                    .hasMessageContaining("steps");
        }
    }

    @Test
    void writeRefusesTwoTensorsOfOneNameBeforeTouchingTheFile() {
        Path file = folder.resolve("twice");
        NamedTensor x = new NamedTensor("x", TensorType.U8, new long[] {1}, MemorySegment.ofArray(new byte[1]));
        assertThatThrownBy(() -> Safetensors.write(file, List.of(x, x), Map.of()))
                .hasMessageContaining("named x");
        assertThat(file).doesNotExist();
    }

    @Test
    void namedTensorRefusesShapesThatDoNotFit() {
        MemorySegment four = MemorySegment.ofArray(new byte[4]);
        assertThatThrownBy(() -> new NamedTensor("x", TensorType.F32, new long[] {2}, four))
                .hasMessage("tensor x F32[2] needs 8 bytes, its segment has 4");
        assertThatThrownBy(() -> new NamedTensor("x", TensorType.F32, new long[] {-1}, four))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NamedTensor("__metadata__", TensorType.F32, new long[] {1}, four))
                .hasMessageContaining("reserved");
        assertThatThrownBy(() -> TensorType.F32.bytes(1L << 62, 1L << 62, 0)).isInstanceOf(ArithmeticException.class);
    }

    private static void assertHoldsSample(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined();
                SafetensorsFile open = Safetensors.open(file)) {
            assertThat(open.metadata()).isEqualTo(SampleTensors.METADATA);
            List<NamedTensor> expected = SampleTensors.all(arena);
            assertThat(open.tensors()).hasSize(expected.size());
            for (NamedTensor tensor : expected) {
                TensorInfo info = open.tensor(tensor.name());
                assertThat(info.type()).isEqualTo(tensor.type());
                assertThat(info.shape()).isEqualTo(tensor.shape());
                MemorySegment read = arena.allocate(info.byteSize());
                open.read(info.name(), read);
                assertThat(read.mismatch(tensor.data())).as(info.name()).isEqualTo(-1);
            }
        }
    }

    private Path copyResource(String name) throws IOException {
        Path file = folder.resolve(name);
        try (InputStream in = SafetensorsTest.class.getResourceAsStream(name)) {
            Files.copy(in, file);
        }
        return file;
    }

    private static int run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return -1;
            }
            return process.exitValue();
        } catch (IOException noPython) {
            return ABSENT;
        }
    }
}
