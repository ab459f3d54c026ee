package io.gatun.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.table.Csv;
import io.gatun.nn.data.text.BytePairEncoding;
import io.gatun.nn.io.Npy;
import io.gatun.nn.io.NpyArray;
import io.gatun.nn.io.Npz;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole files with a few bytes changed, cut out, doubled or put in: a reader answers or throws an IOException (which
 * FormatException is), in bounded memory, and never anything else.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MutatedFilesTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ROUNDS = Integer.getInteger("gatun.test.mutations", 250);

    /** Bytes that mean something in one of the formats. */
    private static final byte[] TELLING = "\"',{}[]()<>=|\\/.:;\n\r\t -+0987654321eEL\0\u007f".getBytes();

    @TempDir
    Path folder;

    private enum Format {
        NPY {
            @Override
            void write(Path file) throws IOException {
                Npy.write(file, new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            }

            @Override
            void read(Path file) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    Npy.map(file, arena).floats();
                    Npy.read(file, arena).floats();
                }
            }
        },
        NPZ {
            @Override
            void write(Path file) throws IOException {
                Npz.write(file, arrays(), false);
            }

            @Override
            void read(Path file) throws IOException {
                try (Arena arena = Arena.ofConfined()) {
                    Npz.read(file, arena, 1 << 22).values().forEach(NpyArray::floats);
                }
            }
        },
        NPZ_DEFLATED {
            @Override
            void write(Path file) throws IOException {
                Npz.write(file, arrays(), true);
            }

            @Override
            void read(Path file) throws IOException {
                NPZ.read(file);
            }
        },
        CSV {
            @Override
            void write(Path file) throws IOException {
                Files.writeString(
                        file, "age,city,\"note\"\n31,Graz,\"a \"\"b\"\"\"\n,Wien,\"x,\ny\"\n-4e1,NA,größer\n");
            }

            @Override
            void read(Path file) throws IOException {
                Csv.standard().read(file);
            }
        },
        BYTE_PAIRS {
            @Override
            void write(Path file) throws IOException {
                BytePairEncoding.train(List.of("the cat sat on the mat", "the größte cat"), 280, "<pad>")
                        .save(file);
            }

            @Override
            void read(Path file) throws IOException {
                BytePairEncoding.load(file).encode("the cat");
            }
        };

        abstract void write(Path file) throws IOException;

        abstract void read(Path file) throws IOException;

        private static Map<String, NpyArray> arrays() {
            return new TreeMap<>(Map.of(
                    "x", NpyArray.of(new float[] {1, 2, 3, 4}, 2, 2), "labels", NpyArray.of(new int[] {5, 6}, 2)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChangedFileIsReadOrRefused(Format format) throws IOException {
        Path file = folder.resolve("file");
        format.write(file);
        byte[] whole = Files.readAllBytes(file);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            SplitMix random = SplitMix.of(20261121, format.ordinal(), round);
            byte[] bytes = whole;
            for (int change = random.below(4); change >= 0; change--) {
                bytes = changed(bytes, random);
            }
            Files.write(file, bytes);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            try {
                format.read(file);
            } catch (IOException e) {
                assertThat(e).as("round %d", round).hasMessageStartingWith(file + ": ");
                refused++;
            } catch (RuntimeException | Error e) {
                fail("round " + round + " of " + format + ": " + Arrays.toString(bytes), e);
            }
            assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                    .as("bytes allocated in round %d", round)
                    .isLessThan(32L << 20);
        }
        // Most changes break a file; all of them would mean that no reader got far.
        assertThat(refused).isBetween(ROUNDS / 20, ROUNDS - 1);
    }

    private static byte[] changed(byte[] bytes, SplitMix random) {
        int at = random.below(bytes.length + 1);
        int count = Math.min(bytes.length - at, 1 + random.below(random.below(8) == 0 ? 64 : 4));
        byte[] inserted = new byte[random.below(5)];
        for (int i = 0; i < inserted.length; i++) {
            inserted[i] = random.below(2) == 0 ? (byte) random.nextLong() : TELLING[random.below(TELLING.length)];
        }
        return switch (random.below(6)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> spliced(bytes, at, count, new byte[0]);
            case 2 -> spliced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + count));
            case 3 -> spliced(bytes, at, 0, inserted);
            default -> spliced(bytes, at, Math.min(inserted.length, bytes.length - at), inserted);
        };
    }

    private static byte[] spliced(byte[] bytes, int at, int removed, byte[] inserted) {
        byte[] out = Arrays.copyOf(bytes, bytes.length - removed + inserted.length);
        System.arraycopy(inserted, 0, out, at, inserted.length);
        System.arraycopy(bytes, at + removed, out, at + inserted.length, bytes.length - at - removed);
        return out;
    }
}
