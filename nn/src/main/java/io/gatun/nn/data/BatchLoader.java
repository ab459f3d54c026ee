package io.gatun.nn.data;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;

/**
 * An endless stream of batches over a data set, epoch after epoch, prepared ahead by one background thread in a ring of
 * off-heap buffers. Order and augmentation depend on (seed, epoch, sample) alone, never on timing: the shuffle of epoch
 * e is Fisher-Yates by {@code SplitMix.of(seed, e)}, sample i is augmented by {@code SplitMix.of(seed, e, i)}. A loader
 * that starts at a saved {@link Position} therefore gives exactly the batches that were still to come.
 *
 * <p>One thread at a time may call {@link #next()} and {@link #close()}; an exception of the background thread comes
 * out of {@code next()}. {@code close()} ends the thread and frees the buffers, which count in the memory's budget.
 */
public final class BatchLoader implements AutoCloseable {

    /**
     * How to cut a data set into batches.
     *
     * @param batch images in a batch, at least 1
     * @param seed of shuffle and augmentation
     * @param shuffle a new random order in every epoch, else the order of the set
     * @param dropLast leave out an epoch's last batch when it is not full
     * @param prefetch batches prepared ahead, at least 1; the ring has one buffer more
     * @param augmentation what to do to each image
     */
    public record Options(
            int batch, long seed, boolean shuffle, boolean dropLast, int prefetch, Augmentation augmentation) {

        /** @throws IllegalArgumentException when {@code batch} or {@code prefetch} is below 1 */
        public Options {
            if (batch < 1 || prefetch < 1) {
                throw new IllegalArgumentException(
                        "batch loader with batch " + batch + ", prefetch " + prefetch + ": both must be at least 1");
            }
        }

        /** Shuffled, the last batch kept, two batches ahead. */
        public static Options training(int batch, long seed, Augmentation augmentation) {
            return new Options(batch, seed, true, false, 2, augmentation);
        }

        /** In order, the last batch kept, no augmentation, one batch ahead. */
        public static Options evaluation(int batch) {
            return new Options(batch, 0, false, false, 1, Augmentation.NONE);
        }
    }

    /**
     * A place in the stream: the batch that comes next.
     *
     * @param epoch from 0
     * @param batch from 0, below {@link BatchLoader#batchesPerEpoch()}
     */
    public record Position(long epoch, int batch) {
        /** The very first batch. */
        public static final Position START = new Position(0, 0);
    }

    private static final ImageBatch FAILED = new ImageBatch(MemorySegment.NULL, MemorySegment.NULL, 1, 0);

    private final ImageDataset set;
    private final Options options;
    private final int batches;
    private final ImageConverter converter;
    private final IntConsumer beforeBatch;
    private final int[] order;
    private final ParameterScope scope;
    private final ArrayBlockingQueue<ImageBatch> free;
    private final ArrayBlockingQueue<ImageBatch> ready;
    private final Thread worker;
    private volatile Throwable failure;
    private ImageBatch lent;
    private Position position;
    private boolean closed;

    /** A stream from its first batch on. */
    public BatchLoader(NativeMemory memory, ImageDataset set, Standardization standardization, Options options) {
        this(memory, set, standardization, options, Position.START);
    }

    /**
     * A stream from {@code start} on; the thread starts at once.
     *
     * @throws IllegalArgumentException when the set has no batch to give, {@code start} is outside its epochs, or the
     *     constants are for another number of channels
     * @throws io.gatun.memory.NativeMemoryException when the budget has no room for the buffers; nothing is held then
     */
    public BatchLoader(
            NativeMemory memory, ImageDataset set, Standardization standardization, Options options, Position start) {
        this(memory, set, standardization, options, start, batch -> {});
    }

    /** As above; {@code beforeBatch} runs on the background thread, where a test makes it fail. */
    BatchLoader(
            NativeMemory memory,
            ImageDataset set,
            Standardization standardization,
            Options options,
            Position start,
            IntConsumer beforeBatch) {
        this.set = set;
        this.beforeBatch = beforeBatch;
        this.options = options;
        int batch = options.batch();
        int tail = options.dropLast() ? 0 : set.size() % batch;
        batches = set.size() / batch + (tail > 0 ? 1 : 0);
        if (batches == 0) {
            throw new IllegalArgumentException("a set of " + set.size() + " images gives no batch of " + batch
                    + ": take a smaller batch or keep the last one");
        }
        if (start.epoch() < 0 || start.batch() < 0 || start.batch() >= batches) {
            throw new IllegalArgumentException(start + " is outside epochs of " + batches + " batches");
        }
        if (standardization.mean().length != set.channels()) {
            throw new IllegalArgumentException("standardization of " + standardization.mean().length
                    + " channels does not fit images of " + set.channels());
        }
        position = start;
        converter = new ImageConverter(set, standardization, options.augmentation(), options.seed());
        order = new int[set.size()];
        int slots = options.prefetch() + 1;
        free = new ArrayBlockingQueue<>(slots);
        ready = new ArrayBlockingQueue<>(slots + 1);
        scope = memory.parameters("batches");
        allocate(slots, batch, tail);
        worker = Thread.ofPlatform()
                .name("gatun-batch-loader")
                .daemon()
                .uncaughtExceptionHandler(this::failed)
                .unstarted(() -> fill(start));
        worker.start();
    }

    private void allocate(int slots, int batch, int tail) {
        try {
            for (int i = 0; i < slots; i++) {
                MemorySegment images = scope.allocate(4L * batch * set.imageBytes(), "images of a batch");
                free.add(new ImageBatch(images, scope.allocate(4L * batch, "labels of a batch"), batch, tail));
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    private void failed(Thread thread, Throwable cause) {
        failure = cause;
        // There is always room: the queue has one place more than there are buffers.
        ready.add(FAILED);
    }

    /** The background thread: runs until interrupted. */
    private void fill(Position start) {
        int first = start.batch();
        for (long epoch = start.epoch(); ; epoch++) {
            arrange(epoch);
            for (int index = first; index < batches; index++) {
                try {
                    ImageBatch slot = free.take();
                    beforeBatch.accept(index);
                    fill(slot, epoch, index);
                    ready.put(slot);
                } catch (InterruptedException e) {
                    // close() interrupts; nobody else has this thread.
                    return;
                }
            }
            first = 0;
        }
    }

    private void arrange(long epoch) {
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        if (options.shuffle()) {
            SplitMix.of(options.seed(), epoch).shuffle(order);
        }
    }

    private void fill(ImageBatch slot, long epoch, int index) {
        int from = index * options.batch();
        int size = Math.min(options.batch(), order.length - from);
        long imageBytes = 4L * set.imageBytes();
        for (int i = 0; i < size; i++) {
            int sample = order[from + i];
            converter.convert(sample, epoch, slot.allImages(), i * imageBytes);
            slot.allLabels().setAtIndex(ValueLayout.JAVA_INT, i, set.labels()[sample]);
        }
        slot.set(size, epoch, index, index == batches - 1);
    }

    /**
     * The next batch; waits for it if it is not ready. What the previous call returned is no longer valid.
     *
     * @throws IllegalStateException when the loader is closed, or its thread failed (the cause)
     * @throws CancellationException when the calling thread is interrupted; its flag stays set and no batch is lost
     */
    public ImageBatch next() {
        if (closed) {
            throw new IllegalStateException("the batch loader is closed");
        }
        if (lent != null) {
            free.add(lent);
            lent = null;
        }
        ImageBatch batch;
        try {
            batch = ready.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException)
                    new CancellationException("interrupted while waiting for a batch").initCause(e);
        }
        if (batch == FAILED) {
            ready.add(FAILED);
            throw new IllegalStateException("the batch loader's thread failed at " + position, failure);
        }
        lent = batch;
        position = batch.last() ? new Position(batch.epoch() + 1, 0) : new Position(batch.epoch(), batch.index() + 1);
        return batch;
    }

    /** The batch that {@link #next()} will return next: what a checkpoint must keep. */
    public Position position() {
        return position;
    }

    /** Batches in an epoch, at least 1. */
    public int batchesPerEpoch() {
        return batches;
    }

    /** Ends the background thread, waits for it, and frees the buffers. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        worker.interrupt();
        boolean interrupted = false;
        // The buffers must outlive the thread, so an interrupt of the caller waits: at most one batch's conversion.
        while (worker.isAlive()) {
            try {
                worker.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        scope.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
