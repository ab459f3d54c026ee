package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ShapesImagesTest {

    /** The pictures are part of the interface: a changed hash changes every published accuracy. */
    @Test
    void theBytesAreTheSameOnEveryMachine() throws Exception {
        ImageData data = ShapesImages.load(1, 200, 100);
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(data.train().pixels());
        sha.update(data.test().pixels());
        assertThat(HexFormat.of().formatHex(sha.digest()))
                .isEqualTo("368d56f0657c10e1568779ef243b4b6f0e58fcae23f53cf60ec036f498c69deb");
    }

    @Test
    void aPictureDependsOnSeedAndIndexAloneWhateverTheThread() throws Exception {
        ImageDataset many = ShapesImages.load(7, 300, 10).train();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            Callable<ImageDataset> task = () -> ShapesImages.load(7, 120, 10).train();
            for (Future<ImageDataset> few : threads.invokeAll(Collections.nCopies(6, task))) {
                assertThat(few.get().pixels()).isEqualTo(Arrays.copyOf(many.pixels(), 120 * 3072));
                assertThat(few.get().labels()).isEqualTo(Arrays.copyOf(many.labels(), 120));
            }
        }
        assertThat(ShapesImages.load(8, 300, 10).train().pixels()).isNotEqualTo(many.pixels());
    }

    @Test
    void trainAndTestShareNoPictureAndClassesAreBalanced() {
        ImageData data = ShapesImages.load(1, 500, 500);
        assertThat(data.classNames()).hasSize(10).doesNotHaveDuplicates();
        int[] counts = new int[10];
        for (int i = 0; i < 500; i++) {
            counts[data.test().labels()[i]]++;
            assertThat(picture(data.train(), i)).isNotEqualTo(picture(data.test(), i));
        }
        assertThat(counts).containsOnly(50);
    }

    /** Inside, outside and the unit gradient of a distance, close to every outline. */
    @Test
    void outlinesAreDistances() {
        for (ShapeOutline outline : ShapeOutline.values()) {
            int inside = 0;
            for (int i = 0; i < 10_000; i++) {
                double x = (i % 100 - 49.5) / 33;
                double y = (i / 100 - 49.5) / 33;
                double here = outline.distance(x, y);
                inside += here < 0 ? 1 : 0;
                double step = 1e-4;
                double there = outline.distance(x + step, y);
                assertThat(Math.abs(there - here))
                        .as("%s at %s, %s", outline, x, y)
                        .isLessThan(1.0001 * step);
                if (x * x + y * y > 1.3 * 1.3) {
                    assertThat(here).as(outline.name()).isPositive();
                }
            }
            // 3 x 3 units: a figure covers between a twentieth and a third.
            assertThat(inside).as(outline.name()).isBetween(600, 3_000);
        }
    }

    @Test
    void refusesEmptyAndOversizedSets() {
        assertThatThrownBy(() -> ShapesImages.load(1, 0, 1)).hasMessageContaining("0 images");
        assertThatThrownBy(() -> ShapesImages.load(1, 1_000_000, 1)).hasMessageContaining("1000000 images");
    }

    private static byte[] picture(ImageDataset set, int i) {
        return Arrays.copyOfRange(set.pixels(), i * 3072, (i + 1) * 3072);
    }
}
