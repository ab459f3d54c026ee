package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.BatchStream.Position;
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
class DataLoaderTest {
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
        static Copy of(Batch batch) {
            return new Copy(
                    batch.epoch(),
                    batch.index(),
                    batch.last(),
                    batch.get("labels").toArray(ValueLayout.JAVA_INT),
                    batch.get("images").toArray(ValueLayout.JAVA_FLOAT));
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
        assertThat(evaluation().batchesPerEpoch()).isEqualTo(4);
        try (BatchStream stream = evaluation().open(MEMORY)) {
            Standardization s = DATA.standardization();
            for (int b = 0; b < 8; b++) {
                Batch batch = stream.next();
                assertThat(batch.size()).isEqualTo(b % 4 == 3 ? 2 : 16);
                assertThat(batch.last()).isEqualTo(b % 4 == 3);
                assertThat(batch.epoch()).isEqualTo(b / 4);
                assertThat(batch.get("images").byteSize()).isEqualTo(batch.size() * 3072L * 4);
                assertThat(batch.get("images").address() % 64).isZero();
                for (int i = 0; i < batch.size() * 3072; i++) {
                    int x = SET.pixels()[b % 4 * 16 * 3072 + i] & 0xFF;
                    float wanted = (float) ((x / 255.0 - s.mean()[i % 3]) / s.std()[i % 3]);
                    if (batch.get("images").getAtIndex(ValueLayout.JAVA_FLOAT, i) != wanted) {
                        throw new AssertionError("batch " + b + " value " + i);
                    }
                }
                for (int i = 0; i < batch.size(); i++) {
                    assertThat(batch.get("labels").getAtIndex(ValueLayout.JAVA_INT, i))
                            .isEqualTo(SET.labels()[b % 4 * 16 + i]);
                }
            }
        }
    }

    @Test
    void dropsTheTailWhenAsked() {
        DataLoader loader = training(16, 1, Augmentation.NONE).dropLast(true);
        assertThat(loader.batchesPerEpoch()).isEqualTo(3);
        try (BatchStream stream = loader.open(MEMORY)) {
            for (int b = 0; b < 7; b++) {
                assertThat(stream.next().size()).isEqualTo(16);
            }
            assertThat(stream.position()).isEqualTo(new Position(2, 1));
        }
    }

    @Test
    void everyEpochShowsEveryImageOnceInAnotherOrder() {
        ImageDataset numbered = new ImageDataset(
                1, 1, 1, 50, new byte[50], IntStream.range(0, 50).toArray());
        Standardization plain = new Standardization(new float[] {0}, new float[] {1});
        List<List<Integer>> epochs = new ArrayList<>();
        try (BatchStream stream =
                DataLoader.training(numbered.samples(plain), 8, 5).open(MEMORY)) {
            for (int e = 0; e < 3; e++) {
                List<Integer> order = new ArrayList<>();
                Batch batch;
                do {
                    batch = stream.next();
                    Arrays.stream(batch.get("labels").toArray(ValueLayout.JAVA_INT))
                            .forEach(order::add);
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
        DataLoader loader = training(16, 9, Augmentation.CIFAR);
        List<Copy> whole = new ArrayList<>();
        List<Position> before = new ArrayList<>();
        try (BatchStream stream = loader.open(MEMORY)) {
            for (int b = 0; b < 10; b++) {
                before.add(stream.position());
                whole.add(Copy.of(stream.next()));
            }
        }
        // Shuffle and augmentation are part of the interface: a checkpoint of an older build resumes on them.
        assertThat(Arrays.hashCode(whole.get(5).images())).isEqualTo(-831955771);
        for (int from = 0; from < 10; from++) {
            try (BatchStream stream = loader.open(MEMORY, before.get(from))) {
                for (int b = from; b < 10; b++) {
                    assertThat(Copy.of(stream.next()).same(whole.get(b)))
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
        ImageConverter converter = new ImageConverter(SET, s, Augmentation.CIFAR);
        MemorySegment target = MemorySegment.ofArray(new float[3072]);
        for (int sample = 0; sample < 50; sample++) {
            converter.convert(sample, SplitMix.of(11, 4, sample), target, 0);
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
        ImageConverter converter = new ImageConverter(SET, DATA.standardization(), Augmentation.CIFAR);
        MemorySegment target = MemorySegment.ofArray(new float[3072]);
        SplitMix random = SplitMix.of(1);
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 20_000; i++) {
            random.rekey(1, i, i % 50);
            converter.convert(i % 50, random, target, 0);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            random.rekey(1, i, i % 50);
            converter.convert(i % 50, random, target, 0);
        }
        // Under one byte an image: the bean's own call may allocate.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
    }

    @Test
    void theThreadsExceptionReachesTheConsumerAtItsBatch() {
        IllegalStateException thrown = new IllegalStateException("a broken decoder");
        Dataset broken =
                Datasets.map(numbers(10), "labels", numbers(10).fields().getLast(), (from, to, _) -> {
                    int value = from.get(ValueLayout.JAVA_INT, 0);
                    if (value == 5) {
                        throw thrown;
                    }
                    to.set(ValueLayout.JAVA_INT, 0, value);
                });
        for (int workers = 1; workers <= 3; workers++) {
            DataLoader loader = DataLoader.evaluation(broken, 2).prefetch(3).workers(workers);
            try (BatchStream stream = loader.open(MEMORY)) {
                assertThat(stream.next().index()).isZero();
                assertThat(stream.next().index()).isEqualTo(1);
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(stream::next)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("thread failed at Position[epoch=0, batch=2]")
                            .hasCause(thrown);
                }
                assertThat(stream.position()).isEqualTo(new Position(0, 2));
            }
        }
    }

    /** Sample i has the feature i and the label i. */
    private static Dataset numbers(int size) {
        float[][] features = new float[size][1];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            features[i][0] = i;
            labels[i] = i;
        }
        return Datasets.of(features, labels);
    }

    @Test
    void closeEndsTheThreadAndFreesTheBuffers() {
        BatchStream stream = evaluation().open(MEMORY);
        MemorySegment images = stream.next().get("images");
        assertThat(threads()).isEqualTo(1);
        stream.close();
        stream.close();
        assertThat(threads()).isZero();
        assertThat(images.scope().isAlive()).isFalse();
        assertThatThrownBy(stream::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void anInterruptLosesNoBatch() {
        try (BatchStream stream = evaluation().open(MEMORY)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(stream::next).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(stream.next().index()).isZero();
        }
    }

    @Test
    void refusesWhatCannotWork() {
        assertThatThrownBy(
                        () -> training(64, 0, Augmentation.NONE).dropLast(true).open(MEMORY))
                .hasMessageContaining("50 samples gives no batch of 64");
        assertThatThrownBy(() -> evaluation().open(MEMORY, new Position(0, 4)))
                .hasMessageContaining("outside epochs of 4 batches");
        assertThatThrownBy(() -> DataLoader.evaluation(DATA.testSamples(), 0)).hasMessageContaining("batch 0");
        assertThatThrownBy(() -> SET.samples(new Standardization(new float[1], new float[] {1})))
                .hasMessageContaining("1 channels does not fit images of 3");
        assertThat(threads()).isZero();
    }

    private static DataLoader evaluation() {
        return DataLoader.evaluation(DATA.trainSamples(Augmentation.CIFAR), 16);
    }

    private static DataLoader training(int batch, long seed, Augmentation augmentation) {
        return DataLoader.training(DATA.trainSamples(augmentation), batch, seed);
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("gatun-data-loader"))
                .count();
    }
}
