package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.BatchLoader.Options;
import io.gatun.nn.data.BatchLoader.Position;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class BatchLoaderTest {
    private static final ImageData DATA = ShapesImages.load(3, 50, 10);
    private static final ImageDataset SET = DATA.train();
    private static final NativeMemory MEMORY = new NativeMemory(new MemoryBudget(1 << 24), false);

    @AfterEach
    void givesItsBuffersBack() {
        assertThat(MEMORY.budget().used()).isZero();
        assertThat(MEMORY.leaks()).isEmpty();
    }

    /** A batch's content, copied. */
    private record Copy(long epoch, int index, boolean last, int[] labels, float[] images) {
        static Copy of(ImageBatch batch) {
            return new Copy(
                    batch.epoch(),
                    batch.index(),
                    batch.last(),
                    batch.labels().toArray(ValueLayout.JAVA_INT),
                    batch.images().toArray(ValueLayout.JAVA_FLOAT));
        }

        boolean same(Copy other) {
            return epoch == other.epoch
                    && index == other.index
                    && last == other.last
                    && Arrays.equals(labels, other.labels)
                    && Arrays.equals(images, other.images);
        }
    }

    @Test
    void standardizesInOrderAndKeepsTheTail() {
        try (BatchLoader loader = loader(Options.evaluation(16), Position.START)) {
            assertThat(loader.batchesPerEpoch()).isEqualTo(4);
            Standardization s = DATA.standardization();
            for (int b = 0; b < 8; b++) {
                ImageBatch batch = loader.next();
                assertThat(batch.size()).isEqualTo(b % 4 == 3 ? 2 : 16);
                assertThat(batch.last()).isEqualTo(b % 4 == 3);
                assertThat(batch.epoch()).isEqualTo(b / 4);
                assertThat(batch.images().byteSize()).isEqualTo(batch.size() * 3072L * 4);
                assertThat(batch.images().address() % 64).isZero();
                for (int i = 0; i < batch.size() * 3072; i++) {
                    int x = SET.pixels()[b % 4 * 16 * 3072 + i] & 0xFF;
                    float wanted = (float) ((x / 255.0 - s.mean()[i % 3]) / s.std()[i % 3]);
                    if (batch.images().getAtIndex(ValueLayout.JAVA_FLOAT, i) != wanted) {
                        throw new AssertionError("batch " + b + " value " + i);
                    }
                }
                for (int i = 0; i < batch.size(); i++) {
                    assertThat(batch.labels().getAtIndex(ValueLayout.JAVA_INT, i))
                            .isEqualTo(SET.labels()[b % 4 * 16 + i]);
                }
            }
        }
    }

    @Test
    void dropsTheTailWhenAsked() {
        Options options = new Options(16, 1, true, true, 1, Augmentation.NONE);
        try (BatchLoader loader = loader(options, Position.START)) {
            assertThat(loader.batchesPerEpoch()).isEqualTo(3);
            for (int b = 0; b < 7; b++) {
                assertThat(loader.next().size()).isEqualTo(16);
            }
            assertThat(loader.position()).isEqualTo(new Position(2, 1));
        }
    }

    @Test
    void everyEpochShowsEveryImageOnceInAnotherOrder() {
        ImageDataset numbered = new ImageDataset(
                1, 1, 1, 50, new byte[50], IntStream.range(0, 50).toArray());
        Standardization plain = new Standardization(new float[] {0}, new float[] {1});
        List<List<Integer>> epochs = new ArrayList<>();
        try (BatchLoader loader = new BatchLoader(MEMORY, numbered, plain, Options.training(8, 5, Augmentation.NONE))) {
            for (int e = 0; e < 3; e++) {
                List<Integer> order = new ArrayList<>();
                ImageBatch batch;
                do {
                    batch = loader.next();
                    Arrays.stream(batch.labels().toArray(ValueLayout.JAVA_INT)).forEach(order::add);
                } while (!batch.last());
                assertThat(order).hasSize(50).doesNotHaveDuplicates();
                epochs.add(order);
            }
        }
        assertThat(epochs).doesNotHaveDuplicates();
        // The order is part of the interface: a checkpoint resumes on it.
        assertThat(epochs.getFirst().subList(0, 8)).containsExactly(42, 20, 41, 11, 33, 24, 29, 7);
    }

    @Test
    void resumesExactlyAtAnyPosition() {
        Options options = Options.training(16, 9, Augmentation.CIFAR);
        List<Copy> whole = new ArrayList<>();
        List<Position> before = new ArrayList<>();
        try (BatchLoader loader = loader(options, Position.START)) {
            for (int b = 0; b < 10; b++) {
                before.add(loader.position());
                whole.add(Copy.of(loader.next()));
            }
        }
        // Shuffle and augmentation are part of the interface: a checkpoint of an older build resumes on them.
        assertThat(Arrays.hashCode(whole.get(5).images())).isEqualTo(-831955771);
        for (int from = 0; from < 10; from++) {
            try (BatchLoader loader = loader(options, before.get(from))) {
                for (int b = from; b < 10; b++) {
                    assertThat(Copy.of(loader.next()).same(whole.get(b)))
                            .as("from %d at %d", from, b)
                            .isTrue();
                }
            }
        }
    }

    @Test
    void cropsAndFlipsAreShiftsOfTheImageWithBlackBorders() {
        int[] shiftsSeen = new int[9];
        int flips = 0;
        float[] mean = {0.5f, 0.25f, 0.75f};
        Standardization s = new Standardization(mean, new float[] {1, 1, 1});
        ImageConverter converter = new ImageConverter(SET, s, Augmentation.CIFAR, 11);
        MemorySegment target = MemorySegment.ofArray(new float[3072]);
        for (int sample = 0; sample < 50; sample++) {
            converter.convert(sample, 4, target, 0);
            int matches = 0;
            for (int k = 0; k < 162; k++) {
                int dx = k / 2 % 9 - 4;
                int dy = k / 18 - 4;
                if (shifted(sample, dx, dy, k % 2 == 1, mean, target)) {
                    matches++;
                    shiftsSeen[dx + 4]++;
                    flips += k % 2;
                }
            }
            assertThat(matches).as("sample %d", sample).isEqualTo(1);
        }
        assertThat(flips).isBetween(10, 40);
        assertThat(shiftsSeen).doesNotContain(0);
    }

    private static boolean shifted(int sample, int dx, int dy, boolean flip, float[] mean, MemorySegment target) {
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                int fromX = (flip ? 31 - x : x) + dx;
                int fromY = y + dy;
                boolean inside = fromX >= 0 && fromX < 32 && fromY >= 0 && fromY < 32;
                for (int c = 0; c < 3; c++) {
                    int value = inside ? SET.pixels()[sample * 3072 + (fromY * 32 + fromX) * 3 + c] & 0xFF : 0;
                    float found = target.getAtIndex(ValueLayout.JAVA_FLOAT, (y * 32 + x) * 3 + c);
                    if (Math.abs(found - (value / 255.0 - mean[c])) > 1e-6) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    @Test
    void conversionAllocatesNothing() {
        ImageConverter converter = new ImageConverter(SET, DATA.standardization(), Augmentation.CIFAR, 1);
        MemorySegment target = MemorySegment.ofArray(new float[3072]);
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            converter.convert(i % 50, i, target, 0);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            converter.convert(i % 50, i, target, 0);
        }
        // Under one byte an image: the bean's own call may allocate.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
    }

    @Test
    void theWorkersExceptionReachesTheConsumer() {
        byte[] pixels = new byte[4];
        int[] labels = new int[4];
        ImageDataset set = new ImageDataset(1, 1, 1, 4, pixels, labels);
        Standardization plain = new Standardization(new float[] {0}, new float[] {1});
        IllegalStateException thrown = new IllegalStateException("a broken decoder");
        try (BatchLoader loader = new BatchLoader(MEMORY, set, plain, Options.evaluation(2), Position.START, batch -> {
            if (batch == 1) {
                throw thrown;
            }
        })) {
            assertThat(loader.next().index()).isZero();
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(loader::next)
                        .hasMessageContaining("thread failed")
                        .hasCause(thrown);
            }
        }
    }

    @Test
    void closeEndsTheThreadAndFreesTheBuffers() {
        BatchLoader loader = loader(Options.evaluation(16), Position.START);
        MemorySegment images = loader.next().images();
        assertThat(threads()).isEqualTo(1);
        loader.close();
        loader.close();
        assertThat(threads()).isZero();
        assertThat(images.scope().isAlive()).isFalse();
        assertThatThrownBy(loader::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void anInterruptLosesNoBatch() {
        try (BatchLoader loader = loader(Options.evaluation(16), Position.START)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(loader::next).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(loader.next().index()).isZero();
        }
    }

    @Test
    void refusesWhatCannotWork() {
        assertThatThrownBy(() -> loader(new Options(64, 0, true, true, 1, Augmentation.NONE), Position.START))
                .hasMessageContaining("50 images gives no batch of 64");
        assertThatThrownBy(() -> loader(Options.evaluation(16), new Position(0, 4)))
                .hasMessageContaining("outside epochs of 4 batches");
        assertThatThrownBy(() -> Options.evaluation(0)).hasMessageContaining("batch 0");
        assertThatThrownBy(() -> new BatchLoader(
                        MEMORY, SET, new Standardization(new float[1], new float[] {1}), Options.evaluation(1)))
                .hasMessageContaining("1 channels does not fit images of 3");
        assertThat(threads()).isZero();
    }

    private static BatchLoader loader(Options options, Position start) {
        return new BatchLoader(MEMORY, SET, DATA.standardization(), options, start);
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("gatun-batch-loader"))
                .count();
    }
}
