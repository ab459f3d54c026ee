package io.gatun.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatun.kernel.Shape;
import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.data.BatchStream.Position;
import io.gatun.nn.data.image.Mixup;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
                            .hasMessageContaining("thread failed at Position[epoch=0, batch=2]: ")
                            .hasCause(thrown);
                }
                assertThat(stream.position()).isEqualTo(new Position(0, 2));
            }
        }
    }

    /** Random numbers that were given to a sample, as its feature. */
    private static Dataset draws(int size) {
        Dataset numbers = numbers(size);
        return Datasets.map(
                numbers,
                "features",
                numbers.fields().getFirst(),
                (_, to, random) -> to.set(ValueLayout.JAVA_FLOAT, 0, random == null ? -1 : (float) random.unit()));
    }

    private static List<Integer> labels(Batch batch) {
        return Arrays.stream(batch.get("labels").toArray(ValueLayout.JAVA_INT))
                .boxed()
                .toList();
    }

    @Test
    void anyNumberOfThreadsGivesTheSameBatchesAtFixedAddresses() {
        List<Copy> one = new ArrayList<>();
        DataLoader loader = training(16, 9, Augmentation.CIFAR);
        try (BatchStream stream = loader.open(MEMORY)) {
            for (int b = 0; b < 12; b++) {
                one.add(Copy.of(stream.next()));
            }
        }
        for (int workers = 2; workers <= 4; workers++) {
            Set<Long> addresses = new HashSet<>();
            try (BatchStream stream = loader.workers(workers).prefetch(3).open(MEMORY, new Position(0, 2))) {
                for (int b = 2; b < 12; b++) {
                    Batch batch = stream.next();
                    addresses.add(batch.get("images").address());
                    assertThat(Copy.of(batch).same(one.get(b)))
                            .as("%d at %d", workers, b)
                            .isTrue();
                }
            }
            assertThat(addresses).hasSize(4);
        }
    }

    @Test
    void aSlowConsumerFindsTheRingFullAndNothingOverwritten() throws InterruptedException {
        AtomicInteger read = new AtomicInteger();
        Dataset numbers = numbers(1000);
        Dataset counting = Datasets.map(numbers, "labels", numbers.fields().getLast(), (from, to, _) -> {
            read.incrementAndGet();
            to.copyFrom(from);
        });
        long before = MEMORY.budget().used();
        try (BatchStream stream =
                DataLoader.evaluation(counting, 10).prefetch(4).workers(2).open(MEMORY)) {
            Batch held = stream.next();
            long bytes = MEMORY.budget().used() - before;
            // Five buffers of 10 floats and 10 ints, each rounded up to 64 bytes.
            assertThat(bytes).isEqualTo(5 * 2 * 64);
            while (read.get() < 50) {
                Thread.sleep(1);
            }
            Thread.sleep(30);
            assertThat(read.get()).as("one batch held, four ready").isEqualTo(50);
            assertThat(labels(held)).isEqualTo(IntStream.range(0, 10).boxed().toList());
            for (int b = 1; b < 250; b++) {
                assertThat(labels(stream.next()).getFirst()).isEqualTo(b % 100 * 10);
            }
            assertThat(MEMORY.budget().used() - before).isEqualTo(bytes);
        }
        // Closed while full: @AfterEach sees that memory is back, this that the threads are gone.
        assertThat(threads()).isZero();
    }

    /** int(m / batch_size) loses the tail, and a loop that never shuffles shows the same batches for ever. */
    @Test
    void b10TheTailIsKeptAndEveryEpochShuffledAnew() {
        DataLoader loader = DataLoader.training(numbers(23), 5, 42);
        assertThat(loader.batchesPerEpoch()).isEqualTo(5);
        assertThat(loader.dropLast(true).batchesPerEpoch()).isEqualTo(4);
        List<List<Integer>> orders = new ArrayList<>();
        try (BatchStream stream = loader.open(MEMORY)) {
            for (int epoch = 0; epoch < 4; epoch++) {
                List<Integer> order = new ArrayList<>();
                for (int b = 0; b < 5; b++) {
                    Batch batch = stream.next();
                    assertThat(batch.size()).isEqualTo(b == 4 ? 3 : 5);
                    assertThat(batch.shape("features").dim(0)).isEqualTo(batch.size());
                    order.addAll(labels(batch));
                }
                assertThat(order).hasSize(23).doesNotHaveDuplicates();
                orders.add(order);
            }
        }
        assertThat(orders).doesNotHaveDuplicates();
    }

    /** 200 samples in batches of 5 are 40 updates an epoch, and 40,000 in 1,000 epochs. */
    @Test
    void b21UpdatesAreBatchesTimesEpochs() {
        assertThat(DataLoader.training(numbers(200), 5, 1).batchesPerEpoch()).isEqualTo(40);
        assertThat(DataLoader.training(numbers(5000), 500, 1).batchesPerEpoch()).isEqualTo(10);
        assertThat(DataLoader.training(numbers(200), 5, 1).batchesPerEpoch() * 1000L)
                .isEqualTo(40_000);
        try (BatchStream stream = DataLoader.training(numbers(10), 5, 1).open(MEMORY)) {
            for (int update = 0; update < 2000; update++) {
                assertThat(stream.position()).isEqualTo(new Position(update / 2, update % 2));
                stream.next();
            }
            assertThat(stream.position()).isEqualTo(new Position(1000, 0));
        }
    }

    @Test
    void anEvaluationIsGivenNoRandomNumbers() {
        try (BatchStream stream = DataLoader.evaluation(draws(8), 8).open(MEMORY)) {
            assertThat(stream.next().get("features").toArray(ValueLayout.JAVA_FLOAT))
                    .containsOnly(-1);
        }
        assertThatThrownBy(() -> DataLoader.evaluation(draws(8), 8).transform(new Mixup(8, 1)))
                .hasMessageContaining("shows its data as they are; give Mixup to the training loader");
    }

    @Test
    void aSampleNamedTwiceIsAugmentedDifferentlyEachTime() {
        Sampler twice = new Sampler() {
            @Override
            public int size() {
                return 6;
            }

            @Override
            public int[] order(long epoch) {
                return new int[] {2, 2, 0, 2, 1, 0};
            }
        };
        float[] first;
        try (BatchStream stream =
                DataLoader.training(draws(4), 6, 3).sampler(twice).open(MEMORY)) {
            Batch batch = stream.next();
            assertThat(labels(batch)).containsExactly(2, 2, 0, 2, 1, 0);
            first = batch.get("features").toArray(ValueLayout.JAVA_FLOAT);
            assertThat(first).doesNotHaveDuplicates().doesNotContain(-1);
            assertThat(first[0]).isEqualTo((float) SplitMix.of(3, 0, 2).unit());
        }
        try (BatchStream stream =
                DataLoader.training(draws(4), 2, 3).sampler(twice).open(MEMORY, new Position(0, 2))) {
            assertThat(stream.next().get("features").toArray(ValueLayout.JAVA_FLOAT))
                    .containsExactly(first[4], first[5]);
        }
        Sampler wrong = new SequentialSampler(9);
        try (BatchStream stream =
                DataLoader.training(draws(4), 3, 3).sampler(wrong).open(MEMORY)) {
            assertThatThrownBy(stream::next).rootCause().hasMessageContaining("gave sample 4, which is not in 0..3");
        }
    }

    @Test
    void mixupMakesSoftLabelsInTrainingOnly() {
        Dataset images = SET.samples(DATA.standardization());
        int classes = SET.classes();
        DataLoader loader = DataLoader.training(images, 16, 7).transform(new Mixup(classes, 1));
        List<float[]> labels = new ArrayList<>();
        List<float[]> mixed = new ArrayList<>();
        try (BatchStream stream = loader.open(MEMORY);
                BatchStream plain = DataLoader.training(images, 16, 7).open(MEMORY)) {
            for (int b = 0; b < 5; b++) {
                Batch batch = stream.next();
                Batch unmixed = plain.next();
                assertThat(batch.shape("labels")).isEqualTo(Shape.of(batch.size(), classes));
                float[] soft = batch.get("labels").toArray(ValueLayout.JAVA_FLOAT);
                int[] hard = unmixed.get("labels").toArray(ValueLayout.JAVA_INT);
                for (int i = 0; i < batch.size(); i++) {
                    float sum = 0;
                    for (int c = 0; c < classes; c++) {
                        sum += soft[i * classes + c];
                    }
                    assertThat(sum).isEqualTo(1, org.assertj.core.data.Offset.offset(1e-6f));
                    assertThat(soft[i * classes + hard[i]]).isPositive();
                }
                labels.add(soft);
                mixed.add(batch.get("images").toArray(ValueLayout.JAVA_FLOAT));
            }
        }
        // The last one alone, by two threads: the same.
        try (BatchStream stream = loader.workers(2).open(MEMORY, new Position(1, 0))) {
            Batch batch = stream.next();
            assertThat(batch.get("labels").toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(labels.get(4));
            assertThat(batch.get("images").toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(mixed.get(4));
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
