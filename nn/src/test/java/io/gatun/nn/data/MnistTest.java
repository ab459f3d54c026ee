package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gatun.nn.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class MnistTest {
    private static final String TRAIN = "train-images-idx3-ubyte";

    @TempDir
    Path folder;

    @Test
    void readsPlainAndGzippedFiles() throws IOException {
        write(TRAIN, images(4, 4));
        write("train-labels-idx1-ubyte.gz", gzip(labels(4)));
        write("t10k-images-idx3-ubyte.gz", gzip(images(2, 2)));
        write("t10k-labels-idx1-ubyte", labels(2));
        ImageData data = DataSource.parseImages("mnist:" + folder).loadImages(1);
        assertThat(data.train().size()).isEqualTo(4);
        assertThat(data.test().size()).isEqualTo(2);
        assertThat(data.train().labels()).containsExactly(0, 3, 6, 9);
        assertThat(data.train().channels()).isEqualTo(1);
        byte[] all = images(4, 4);
        assertThat(data.train().pixels()).isEqualTo(Arrays.copyOfRange(all, 16, all.length));
    }

    @Test
    void namesTheMissingFiles() throws IOException {
        write("train-labels-idx1-ubyte.gz", gzip(labels(4)));
        assertThatThrownBy(() -> Mnist.load(folder))
                .hasMessageContaining("lacks train-images-idx3-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte");
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void refusesBrokenFilesPlainAndGzipped() throws IOException {
        write("train-labels-idx1-ubyte", labels(4));
        write("t10k-images-idx3-ubyte", images(2, 2));
        write("t10k-labels-idx1-ubyte", labels(2));
        byte[] good = images(4, 4);
        refused(change(good, 3, 1), 0, "magic");
        refused(images(4, -1), 4, "negative");
        refused(images(4, Integer.MAX_VALUE), 4, "limit");
        refused(change(good, 11, 27), 8, "dimension 1 is 27, must be 28");
        refused(change(good, 15, 29), 12, "dimension 2 is 29, must be 28");
        refused(Arrays.copyOf(good, good.length - 1), -1, "truncated");
        refused(Arrays.copyOf(good, 10), 10, "truncated");
        refused(Arrays.copyOf(good, good.length + 1), good.length, "follow");
        refused(images(5, 5), 4, "5 images, but train-labels-idx1-ubyte has 4 labels");
        // A bomb: 64 MiB of zeros behind a header of four images.
        refused(Arrays.copyOf(good, 64 << 20), good.length, "follow");
    }

    @Test
    void refusesBrokenGzip() throws IOException {
        write("train-labels-idx1-ubyte", labels(4));
        write("t10k-images-idx3-ubyte", images(2, 2));
        write("t10k-labels-idx1-ubyte", labels(2));
        byte[] good = gzip(images(4, 4));
        write(TRAIN + ".gz", Arrays.copyOf(good, good.length / 2));
        assertThat(refusal(".gz")).hasMessageContaining("gzip");
        write(TRAIN + ".gz", new byte[30]);
        assertThat(refusal(".gz")).hasMessageContaining("not gzip");
        byte[] flipped = good.clone();
        flipped[good.length - 6] ^= 1;
        write(TRAIN + ".gz", flipped);
        assertThat(refusal(".gz")).hasMessageContaining("gzip");
        // 200,000 images announced by a hundred bytes: refused before 157 MB are taken.
        write(TRAIN + ".gz", gzip(Arrays.copyOf(images(4, 200_000), 100)));
        assertThat(refusal(".gz")).hasMessageContaining("cannot hold");
    }

    @Test
    void refusesALabelAboveNine() throws IOException {
        write(TRAIN, images(4, 4));
        write("train-labels-idx1-ubyte", change(labels(4), 10, 10));
        write("t10k-images-idx3-ubyte", images(2, 2));
        write("t10k-labels-idx1-ubyte", labels(2));
        FormatException refusal = catchThrowableOfType(FormatException.class, () -> Mnist.load(folder));
        assertThat(refusal).hasMessageContaining("label 10");
        assertThat(refusal.offset()).isEqualTo(10);
    }

    @Test
    void readsIdxFilesOfAnyNameSizeAndClasses() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(16 + 2 * 3 * 5);
        bytes.putInt(0x803).putInt(2).putInt(3).putInt(5);
        while (bytes.hasRemaining()) {
            bytes.put((byte) bytes.position());
        }
        byte[] pictures = bytes.array();
        write("letters.gz", gzip(pictures));
        write("names", change(labels(2), 9, 25));
        Path images = folder.resolve("letters.gz");
        Path labels = folder.resolve("names");
        ImageDataset set = Idx.read(images, labels, 26);
        assertThat(List.of(set.size(), set.height(), set.width(), set.channels(), set.classes()))
                .containsExactly(2, 3, 5, 1, 26);
        assertThat(set.pixels()).isEqualTo(Arrays.copyOfRange(pictures, 16, pictures.length));
        assertThat(set.labels()).containsExactly(0, 25);
        assertThatThrownBy(() -> Idx.read(images, labels, 25)).hasMessageContaining("label 25 is not in 0..24");
        write("letters.gz", gzip(change(pictures, 11, 0)));
        assertThatThrownBy(() -> Idx.read(images, labels, 26))
                .hasMessageContaining("dimension 1 is 0, must be at least 1");
        for (int i = 4; i < 16; i += 4) {
            pictures[i] = 0x7F;
        }
        write("letters.gz", gzip(pictures));
        assertThatThrownBy(() -> Idx.read(images, labels, 26)).hasMessageContaining("the limit is");
    }

    private void refused(byte[] bytes, long offset, String says) throws IOException {
        write(TRAIN, bytes);
        FormatException plain = refusal("");
        assertThat(plain).hasMessageContaining(says);
        if (offset >= 0) {
            assertThat(plain.offset()).isEqualTo(offset);
        }
        Files.delete(folder.resolve(TRAIN));
        write(TRAIN + ".gz", gzip(bytes));
        FormatException zipped = refusal(".gz");
        assertThat(zipped.getMessage()).containsAnyOf(says, "truncated", "gzip");
        if (offset >= 0) {
            assertThat(zipped.offset()).isEqualTo(offset);
        }
        Files.delete(folder.resolve(TRAIN + ".gz"));
    }

    private FormatException refusal(String suffix) {
        FormatException refusal = catchThrowableOfType(FormatException.class, () -> Mnist.load(folder));
        assertThat(refusal).isNotNull();
        assertThat(refusal.file()).isEqualTo(folder.resolve(TRAIN + suffix));
        return refusal;
    }

    private void write(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name), bytes);
    }

    private static byte[] change(byte[] bytes, int at, int value) {
        byte[] changed = bytes.clone();
        changed[at] = (byte) value;
        return changed;
    }

    private static byte[] images(int count, int announced) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + count * 784);
        bytes.putInt(0x803).putInt(announced).putInt(28).putInt(28);
        while (bytes.hasRemaining()) {
            bytes.put((byte) (bytes.position() * 37 >> 2));
        }
        return bytes.array();
    }

    private static byte[] labels(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            bytes.put((byte) (i * 3));
        }
        return bytes.array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        }
        return out.toByteArray();
    }
}
