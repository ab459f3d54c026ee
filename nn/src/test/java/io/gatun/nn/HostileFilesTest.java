package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.gatun.nn.data.CharText;
import io.gatun.nn.data.Cifar10;
import io.gatun.nn.data.Mnist;
import io.gatun.nn.data.table.Csv;
import io.gatun.nn.data.text.BytePairEncoding;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.Npy;
import io.gatun.nn.io.Npz;
import io.gatun.nn.io.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every reader against every kind of thing that is no file of its format: a typed refusal, soon and in little memory. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class HostileFilesTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long SECOND = 1_000_000_000;

    /** Allocated, not held: a header of the greatest size is read whole, and every name in it makes a few objects. */
    private static final long MOST_BYTES = 192L << 20;

    private static final String[] CIFAR = {
        "data_batch_1.bin",
        "data_batch_2.bin",
        "data_batch_3.bin",
        "data_batch_4.bin",
        "data_batch_5.bin",
        "test_batch.bin"
    };
    private static final String[] MNIST = {
        "train-labels-idx1-ubyte", "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
    };

    @TempDir
    Path folder;

    private enum Reader {
        SAFETENSORS("model.safetensors") {
            @Override
            void read(Path file) throws IOException {
                Safetensors.open(file).close();
            }
        },
        CHECKPOINT("model.ckpt") {
            @Override
            void read(Path file) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    CheckpointFile.read(file, arena);
                }
            }
        },
        CIFAR("data_batch_1.bin") {
            @Override
            void read(Path file) throws IOException {
                Cifar10.load(file.getParent());
            }
        },
        MNIST("train-labels-idx1-ubyte") {
            @Override
            void read(Path file) throws IOException {
                Mnist.load(file.getParent());
            }
        },
        MNIST_GZIPPED("train-labels-idx1-ubyte.gz") {
            @Override
            void read(Path file) throws IOException {
                Mnist.load(file.getParent());
            }
        },
        NPY("x.npy") {
            @Override
            void read(Path file) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    Npy.map(file, arena);
                    Npy.read(file, arena);
                }
            }
        },
        NPZ("x.npz") {
            @Override
            void read(Path file) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    Npz.read(file, arena);
                }
            }
        },
        CSV("table.csv") {
            @Override
            void read(Path file) throws IOException {
                // One NUL is a header like any other; a whole file has two columns.
                if (Csv.standard().read(file).columns().size() == 1) {
                    throw new FormatException(file, 0, "one column");
                }
            }
        },
        BYTE_PAIRS("bpe.json") {
            @Override
            void read(Path file) throws IOException {
                BytePairEncoding.load(file);
            }
        },
        TEXT("text.txt") {
            @Override
            void read(Path file) throws IOException {
                CharText.ofFile(file);
            }
        };

        private final String name;

        Reader(String name) {
            this.name = name;
        }

        abstract void read(Path file) throws IOException;
    }

    @BeforeEach
    void theOtherFilesOfASetAreThere() throws IOException {
        for (String name : CIFAR) {
            Files.write(folder.resolve(name), new byte[3073]);
        }
        for (String name : MNIST) {
            Files.write(folder.resolve(name), new byte[1]);
        }
        Files.delete(folder.resolve(Reader.CIFAR.name));
        Files.delete(folder.resolve(Reader.MNIST.name));
    }

    @ParameterizedTest
    @EnumSource
    void nothingOrOneByte(Reader reader) throws IOException {
        for (int length = 0; length < 2; length++) {
            Path file = Files.write(folder.resolve(reader.name), new byte[length]);
            refused(file, () -> reader.read(file));
        }
    }

    @ParameterizedTest
    @EnumSource
    void directory(Reader reader) throws IOException {
        Path file = Files.createDirectory(folder.resolve(reader.name));
        assertThat(refused(file, () -> reader.read(file))).hasMessageContaining("directory");
    }

    @ParameterizedTest
    @EnumSource
    void pipe(Reader reader) throws Exception {
        Path file = folder.resolve(reader.name);
        assumeTrue(new ProcessBuilder("mkfifo", file.toString()).start().waitFor() == 0, "SKIPPED: no mkfifo here");
        assertThat(refused(file, () -> reader.read(file))).hasMessageContaining("pipe");
    }

    @ParameterizedTest
    @EnumSource
    void symbolicLink(Reader reader) throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path target = Files.write(elsewhere.resolve("secret"), new byte[5000]);
        Path file = Files.createSymbolicLink(folder.resolve(reader.name), folder.relativize(target));
        assertThat(refused(file, () -> reader.read(file))).hasMessageContaining("symbolic link");
    }

    /** A gigabyte of zeros that takes no room on the disk. */
    @ParameterizedTest
    @EnumSource
    void sparse(Reader reader) throws IOException {
        Path file = folder.resolve(reader.name);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1 << 30);
        }
        refused(file, () -> reader.read(file));
    }

    /** Headers as long as they may be: deep, full of names, full of equal names. */
    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":", "{\"__metadata__\":{\"a\":\"", "{         ", "{\"a\":{\"shape\":[1,1,1,1"})
    void longestHeader(String begin) throws IOException {
        byte[] start = begin.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + (16 << 20)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(16 << 20);
        while (bytes.remaining() >= start.length) {
            bytes.put(start);
        }
        Path file = Files.write(folder.resolve("long"), bytes.array());
        refused(file, () -> Safetensors.open(file).close());
        refused(file, () -> Reader.CHECKPOINT.read(file));
    }

    /** 100,000 tensors of no bytes, the last of which has the first one's name. */
    @Test
    void manyTensors() throws IOException {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < 100_000; i++) {
            json.append("\"t").append(i).append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }
        json.append("\"t0\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        byte[] header = json.toString().getBytes(StandardCharsets.UTF_8);
        assertThat(header.length).isLessThan(16 << 20);
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
        Path file = Files.write(
                folder.resolve("many"), bytes.putLong(header.length).put(header).array());
        assertThat(refused(file, () -> Safetensors.open(file).close())).hasMessageContaining("Duplicate");
    }

    /** 250 KB that inflate to 256 MB: labels announced, and something behind them. */
    @ParameterizedTest
    @ValueSource(ints = {10, 1 << 28})
    void gzipBomb(int announced) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream zip = new GZIPOutputStream(out, 1 << 16)) {
            zip.write(ByteBuffer.allocate(8).putInt(0x801).putInt(announced).array());
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < (announced < 100 ? 256 : 1); i++) {
                zip.write(zeros);
            }
        }
        Path file = Files.write(folder.resolve(Reader.MNIST_GZIPPED.name), out.toByteArray());
        refused(file, () -> Reader.MNIST_GZIPPED.read(file));
    }

    /** By its own thread's clock and count, which other builds on the machine do not disturb; the first try is interpreted. */
    private static FormatException refused(Path file, ThrowingCallable read) {
        FormatException refusal = null;
        long least = Long.MAX_VALUE;
        for (int tries = 0; tries < 3 && least >= SECOND; tries++) {
            long bytes = THREADS.getCurrentThreadAllocatedBytes();
            long nanos = THREADS.getCurrentThreadCpuTime();
            refusal = catchThrowableOfType(FormatException.class, read);
            least = Math.min(least, THREADS.getCurrentThreadCpuTime() - nanos);
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - bytes)
                    .as("bytes")
                    .isLessThan(MOST_BYTES);
        }
        assertThat(least).as("nanoseconds").isLessThan(SECOND);
        assertThat(refusal).isNotNull();
        assertThat(refusal.file()).isEqualTo(file);
        return refusal;
    }
}
