package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.nn.data.Cifar100.Labels;
import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar100Test {
    private static final int RECORD = 3074;

    @TempDir
    Path folder;

    private void write() throws IOException {
        Files.write(folder.resolve("train.bin"), records(4));
        Files.write(folder.resolve("test.bin"), records(2));
        Files.writeString(folder.resolve("fine_label_names.txt"), names(100));
        Files.writeString(folder.resolve("coarse_label_names.txt"), names(20));
    }

    private static String names(int count) {
        return IntStream.range(0, count).mapToObj(i -> "class" + i).collect(Collectors.joining("\n", "", "\n\n"));
    }

    /** Record r: coarse label r, fine label 90 + r, red r, green 50 + p % 7, blue 200. */
    private static byte[] records(int count) {
        byte[] bytes = new byte[count * RECORD];
        for (int r = 0; r < count; r++) {
            bytes[r * RECORD] = (byte) r;
            bytes[r * RECORD + 1] = (byte) (90 + r);
            for (int p = 0; p < 1024; p++) {
                bytes[r * RECORD + 2 + p] = (byte) r;
                bytes[r * RECORD + 2 + 1024 + p] = (byte) (50 + p % 7);
                bytes[r * RECORD + 2 + 2048 + p] = (byte) 200;
            }
        }
        return bytes;
    }

    @Test
    void readsEitherLabelAndPlanesAsNhwc() throws IOException {
        write();
        ImageData fine = DataSource.parseImages("cifar100:" + folder).loadImages(1);
        ImageData coarse = Cifar100.load(folder, Labels.COARSE);
        assertThat(fine.train().labels()).containsExactly(90, 91, 92, 93);
        assertThat(coarse.train().labels()).containsExactly(0, 1, 2, 3);
        assertThat(fine.classNames()).hasSize(100).endsWith("class99");
        assertThat(coarse.classNames()).hasSize(20);
        assertThat(fine.test().size()).isEqualTo(2);
        for (int i = 0; i < 4; i++) {
            for (int p = 0; p < 1024; p++) {
                int at = (i * 1024 + p) * 3;
                assertThat(Arrays.copyOfRange(fine.train().pixels(), at, at + 3))
                        .containsExactly((byte) i, (byte) (50 + p % 7), (byte) 200);
            }
        }
    }

    @Test
    void refusesWhatIsNotCifar100() throws IOException {
        assertThatThrownBy(() -> Cifar100.load(folder, Labels.FINE))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("lacks train.bin, test.bin, fine_label_names.txt");
        write();
        byte[] bytes = records(2);
        bytes[RECORD + 1] = 100;
        Files.write(folder.resolve("test.bin"), bytes);
        assertThatThrownBy(() -> Cifar100.load(folder, Labels.FINE))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("label 100 of record 1 is not in 0..99 (at byte 3075)");
        assertThat(Cifar100.load(folder, Labels.COARSE).test().size()).isEqualTo(2);
        Files.write(folder.resolve("test.bin"), Arrays.copyOf(bytes, RECORD + 5));
        assertThatThrownBy(() -> Cifar100.load(folder, Labels.COARSE)).hasMessageContaining("not a multiple of 3074");
        Files.writeString(folder.resolve("fine_label_names.txt"), names(99));
        assertThatThrownBy(() -> Cifar100.load(folder, Labels.FINE)).hasMessageContaining("has 99 names");
    }
}
