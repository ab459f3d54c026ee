package io.gatun.nn.data;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.Place;
import java.util.List;
import java.util.Objects;

/**
 * How a data set is cut into batches; {@link #open} begins to do it. Immutable, and the settings are changed one at a
 * time: {@code DataLoader.training(set, 32, 7).dropLast(true).prefetch(4)}.
 */
public final class DataLoader {
    private final Dataset dataset;
    private final int batch;
    private final Settings settings;

    /** What has a usual value. {@code random} says whether samples are read with random numbers, that is augmented. */
    private record Settings(
            Sampler sampler,
            boolean random,
            long seed,
            boolean dropLast,
            int prefetch,
            int workers,
            boolean forDevice,
            BatchTransform transform) {}

    private DataLoader(Dataset dataset, int batch, Settings settings) {
        this.dataset = dataset;
        this.batch = batch;
        this.settings = settings;
        if (batch < 1 || settings.prefetch < 1 || settings.workers < 1) {
            throw new IllegalArgumentException("data loader with batch " + batch + ", prefetch " + settings.prefetch
                    + ", workers " + settings.workers + ": each must be at least 1");
        }
    }

    /**
     * For training: a new random order in each epoch, samples augmented if the set does so, the last batch kept even
     * where it is not full, two batches ahead, one thread.
     *
     * @param batch samples in a batch, at least 1
     * @param seed of the order and the augmentation
     */
    public static DataLoader training(Dataset dataset, int batch, long seed) {
        Sampler sampler = new RandomSampler(dataset.size(), seed);
        return new DataLoader(dataset, batch, new Settings(sampler, true, seed, false, 2, 1, true, null));
    }

    /**
     * For evaluation: the order of the set, every sample as it is, the last batch kept, one batch ahead, one thread.
     *
     * @param batch samples in a batch, at least 1
     */
    public static DataLoader evaluation(Dataset dataset, int batch) {
        Sampler sampler = new SequentialSampler(dataset.size());
        return new DataLoader(dataset, batch, new Settings(sampler, false, 0, false, 1, 1, true, null));
    }

    private DataLoader with(Settings changed) {
        return new DataLoader(dataset, batch, changed);
    }

    /** Shows the samples that {@code sampler} names; where it names one twice, both are augmented differently. */
    public DataLoader sampler(Sampler sampler) {
        Settings s = settings;
        Objects.requireNonNull(sampler, "sampler");
        return with(
                new Settings(sampler, s.random, s.seed, s.dropLast, s.prefetch, s.workers, s.forDevice, s.transform));
    }

    /** Whether to leave out an epoch's last batch when it is not full. */
    public DataLoader dropLast(boolean dropLast) {
        Settings s = settings;
        return with(
                new Settings(s.sampler, s.random, s.seed, dropLast, s.prefetch, s.workers, s.forDevice, s.transform));
    }

    /**
     * Sets how far ahead batches are prepared; the ring has one buffer more.
     *
     * @param batches at least 1
     */
    public DataLoader prefetch(int batches) {
        Settings s = settings;
        return with(
                new Settings(s.sampler, s.random, s.seed, s.dropLast, batches, s.workers, s.forDevice, s.transform));
    }

    /**
     * Sets how many background threads fill batches; the batches are the same for any number. More than one pays where
     * a sample is costly, such as a picture to decode. No more than {@code prefetch + 1} have work.
     *
     * @param threads at least 1
     */
    public DataLoader workers(int threads) {
        Settings s = settings;
        return with(
                new Settings(s.sampler, s.random, s.seed, s.dropLast, s.prefetch, threads, s.forDevice, s.transform));
    }

    /**
     * Whether a device is sent batches in fewer bytes where the set has such a form ({@link Dataset#forDevice}): so it is
     * unless said. The values are the same, but what the device makes is not on the host ({@link Batch#get}). No matter on
     * the host, or with a {@link #transform}, which changes values there.
     */
    public DataLoader forDevice(boolean use) {
        Settings s = settings;
        return with(new Settings(s.sampler, s.random, s.seed, s.dropLast, s.prefetch, s.workers, use, s.transform));
    }

    /**
     * Transforms every batch.
     *
     * @throws IllegalArgumentException for an evaluation, whose data stay as they are, or when the transform does not
     *     fit the fields
     */
    public DataLoader transform(BatchTransform transform) {
        Settings s = settings;
        if (!s.random) {
            throw new IllegalArgumentException(
                    "an evaluation shows its data as they are; give " + transform + " to the training loader alone");
        }
        transform.fields(dataset.fields());
        return with(new Settings(s.sampler, true, s.seed, s.dropLast, s.prefetch, s.workers, s.forDevice, transform));
    }

    /** What is cut into batches. */
    public Dataset dataset() {
        return dataset;
    }

    /** What a batch consists of: the set's fields, as {@link #transform} changes them. */
    public List<Field> fields() {
        return settings.transform == null ? dataset.fields() : settings.transform.fields(dataset.fields());
    }

    /** Samples in a full batch. */
    public int batch() {
        return batch;
    }

    /** Whether samples are read with random numbers, so that a set which augments does it. */
    public boolean random() {
        return settings.random;
    }

    /** Samples in an epoch's last, shorter batch; 0 when all are full. */
    int tail() {
        return settings.dropLast ? 0 : settings.sampler.size() % batch;
    }

    /** Batches in an epoch: ⌈samples / batch⌉, or ⌊samples / batch⌋ when the last one is dropped. */
    public int batchesPerEpoch() {
        return settings.sampler.size() / batch + (tail() > 0 ? 1 : 0);
    }

    long seed() {
        return settings.seed;
    }

    Sampler sampler() {
        return settings.sampler;
    }

    int prefetch() {
        return settings.prefetch;
    }

    int workers() {
        return settings.workers;
    }

    BatchTransform transform() {
        return settings.transform;
    }

    /** What samples are read from, for batches there. */
    Dataset source(Place place) {
        boolean sent = settings.forDevice && settings.transform == null && !place.isHost();
        return sent ? dataset.forDevice().<Dataset>map(set -> set).orElse(dataset) : dataset;
    }

    /** The stream of batches from the first one on. */
    public BatchStream open(NativeMemory memory) {
        return open(memory, BatchStream.Position.START);
    }

    /**
     * The stream of batches from {@code start} on; its threads begin at once.
     *
     * @param memory of the buffers
     * @throws IllegalArgumentException when an epoch has no batch, or {@code start} is outside the epochs
     * @throws io.gatun.memory.NativeMemoryException when the budget has no room for the buffers; nothing is held then
     */
    public BatchStream open(NativeMemory memory, BatchStream.Position start) {
        return new BatchStream(memory, this, start);
    }
}
