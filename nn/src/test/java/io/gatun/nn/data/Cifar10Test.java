package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10Test {
    private static final int RECORD = 3073;

    @TempDir
    Path folder;

    @Test
    void readsPlanesAsNhwc() throws IOException {
        writeAll();
        ImageData data = DataSource.parseImages("cifar10:" + folder).loadImages(1);
        assertThat(data.train().size()).isEqualTo(15);
        assertThat(data.test().size()).isEqualTo(3);
        assertThat(data.classNames()).startsWith("airplane").endsWith("truck").hasSize(10);
        for (int i = 0; i < 15; i++) {
            assertThat(data.train().labels()[i]).isEqualTo((i / 3 + i % 3) % 10);
            for (int p = 0; p < 1024; p++) {
                for (int c = 0; c < 3; c++) {
                    assertThat(data.train().pixels()[(i * 1024 + p) * 3 + c]).isEqualTo(value(i / 3, i % 3, c, p));
                }
            }
        }
    }

    @Test
    void namesTheMissingFiles() throws IOException {
        writeAll();
        Files.delete(folder.resolve("data_batch_3.bin"));
        Files.delete(folder.resolve("test_batch.bin"));
        assertThatThrownBy(() -> Cifar10.load(folder))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("lacks data_batch_3.bin, test_batch.bin");
        assertThatThrownBy(() -> Cifar10.load(folder.resolve("nowhere"))).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> Cifar10.load(folder.resolve("data_batch_1.bin")))
                .hasMessageContaining("is a file");
    }

    @Test
    void refusesTruncatedTrailingAndWrongLabels() throws IOException {
        writeAll();
        Path file = folder.resolve("data_batch_2.bin");
        byte[] good = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(good, good.length - 1));
        assertThat(refusal().offset()).isEqualTo(2 * RECORD);
        Files.write(file, Arrays.copyOf(good, good.length + 1));
        assertThat(refusal().offset()).isEqualTo(3 * RECORD);
        good[RECORD] = 10;
        Files.write(file, good);
        assertThat(refusal()).hasMessageContaining("label 10 of record 1").hasMessageContaining("at byte 3073");
        Files.write(file, new byte[0]);
        assertThat(refusal()).hasMessageContaining("empty");
    }

    private FormatException refusal() {
        FormatException refusal = catchThrowableOfType(FormatException.class, () -> Cifar10.load(folder));
        assertThat(refusal.file()).isEqualTo(folder.resolve("data_batch_2.bin"));
        return refusal;
    }

    private void writeAll() throws IOException {
        for (int f = 0; f < 6; f++) {
            byte[] bytes = new byte[3 * RECORD];
            for (int r = 0; r < 3; r++) {
                bytes[r * RECORD] = (byte) ((f + r) % 10);
                for (int c = 0; c < 3; c++) {
                    for (int p = 0; p < 1024; p++) {
                        bytes[r * RECORD + 1 + c * 1024 + p] = value(f, r, c, p);
                    }
                }
            }
            Files.write(folder.resolve(f == 5 ? "test_batch.bin" : "data_batch_" + (f + 1) + ".bin"), bytes);
        }
    }

    private static byte value(int file, int record, int channel, int place) {
        return (byte) (file * 7 + record * 31 + channel * 101 + place * 3 + place / 32);
    }
}
