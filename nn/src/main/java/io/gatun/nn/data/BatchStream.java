package io.gatun.nn.data;

import io.gatun.memory.NativeMemory;
import io.gatun.memory.Owned;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Upload;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * An endless stream of batches, epoch after epoch, prepared ahead by background threads in a ring of off-heap buffers
 * whose addresses never change, so that a captured step repeats on them. What comes depends on the loader's settings
 * alone, never on timing or the number of threads: the order of epoch e is the sampler's, sample i is augmented by
 * {@code SplitMix.of(seed, e, i)}. A stream that starts at a saved {@link Position} gives exactly the batches that were
 * still to come.
 *
 * <p>Where the memory is a device's, a batch is copied there as soon as it is whole, from page-locked memory and beside the
 * kernels of the batches before it; a captured step then finds it there.
 *
 * <p>One thread at a time may call {@link #next()} and {@link #close()}. {@code close()} ends the background threads and
 * frees the buffers, which count in the memory's budget.
 */
public final class BatchStream implements AutoCloseable {

    /**
     * A place in the stream: the batch that comes next.
     *
     * @param epoch from 0
     * @param batch from 0, below {@link DataLoader#batchesPerEpoch()}
     */
    public record Position(long epoch, int batch) {
        /** The very first batch. */
        public static final Position START = new Position(0, 0);
    }

    private final DataLoader loader;
    private final Dataset source;
    private final int batches;
    private final long first;
    private final NativeMemory memory;
    private final ParameterScope scope;

    /** Of the host; on the host the same. */
    private final NativeMemory hostMemory;

    /** For what a transform changes into something else; on the host the same. */
    private final ParameterScope hostScope;

    private final Owned owned = new Owned();
    private final Epochs epochs;
    private final BatchFiller[] workers;
    private final Slot[] ring;

    /** Batches, counted from the start: begun by a worker, and given back by the caller of {@link #next()}. */
    private long begun;

    private long returned;

    /** As {@link #begun}, but of the thread that calls {@link #next()}. */
    private long taken;

    private boolean lent;
    private boolean ending;
    private boolean closed;

    /** One buffer of the ring. */
    static final class Slot {
        final Batch batch;
        final MemorySegment[] from;
        final MemorySegment[] to;
        final Upload upload;

        /** Number of the batch in it plus one, counted from the start of the stream; 0 for none yet. */
        private long filled;

        private Throwable failure;

        private Slot(Batch batch, MemorySegment[] from, BatchMemory memory) {
            this.batch = batch;
            this.from = from;
            this.to = memory.here();
            this.upload = memory.upload();
        }
    }

    BatchStream(NativeMemory memory, DataLoader loader, Position start) {
        this.loader = loader;
        batches = loader.batchesPerEpoch();
        if (batches == 0) {
            int samples = loader.sampler().size();
            throw new IllegalArgumentException("an epoch of " + samples + " samples gives no batch of " + loader.batch()
                    + (samples == 0
                            ? ": the data set or its sampler is empty"
                            : ": take a smaller batch or keep the last one"));
        }
        if (start.epoch() < 0 || start.batch() < 0 || start.batch() >= batches) {
            throw new IllegalArgumentException(start + " is outside epochs of " + batches + " batches");
        }
        first = start.epoch() * batches + start.batch();
        epochs = new Epochs(loader.sampler(), loader.dataset().size());
        ring = new Slot[loader.prefetch() + 1];
        workers = new BatchFiller[Math.min(loader.workers(), ring.length)];
        this.memory = memory;
        source = loader.source(memory.place());
        scope = owned.add(memory.parameters("batches"));
        hostMemory = memory.onHost();
        hostScope = memory.place().isHost() ? scope : owned.add(hostMemory.parameters("batches"));
        try {
            for (int i = 0; i < ring.length; i++) {
                ring[i] = slot();
            }
            for (int i = 0; i < workers.length; i++) {
                workers[i] = new BatchFiller(this, loader, source, epochs);
            }
        } catch (RuntimeException e) {
            throw owned.closedAfter(e);
        } catch (Error e) {
            owned.close();
            throw e;
        }
        try {
            for (BatchFiller worker : workers) {
                worker.start();
            }
        } catch (Error e) {
            // The system has no further thread to give.
            close();
            throw e;
        }
    }

    private Slot slot() {
        List<Field> before = source.fields();
        List<Field> after = loader.transform() == null ? before : loader.fields();
        BatchMemory to = owned.add(new BatchMemory(memory, scope, hostMemory.budget(), after, loader.batch()));
        MemorySegment[] from = new MemorySegment[before.size()];
        for (int i = 0; i < from.length; i++) {
            int same = after.indexOf(before.get(i));
            from[i] = same >= 0 ? to.here()[same] : allocate(before.get(i));
        }
        List<DeviceDataset.Made> made = source instanceof DeviceDataset device ? device.made() : List.of();
        return new Slot(new Batch(after, made, to, loader.batch(), loader.tail()), from, to);
    }

    private MemorySegment allocate(Field field) {
        return hostScope.allocate(loader.batch() * field.bytes(), field.name() + " of a batch");
    }

    /** For a worker: the number of the next batch to fill, when its buffer is free; -1 when the stream ends. */
    long begin() throws InterruptedException {
        synchronized (ring) {
            while (!ending && begun - returned >= ring.length) {
                ring.wait();
            }
            return ending ? -1 : begun++;
        }
    }

    Slot slot(long number) {
        return ring[(int) (number % ring.length)];
    }

    Position position(long number) {
        return new Position((first + number) / batches, (int) ((first + number) % batches));
    }

    int batches() {
        return batches;
    }

    /** For a worker: its batch is whole, or came to nothing. */
    void end(long number, Throwable failure) {
        synchronized (ring) {
            Slot slot = slot(number);
            slot.failure = failure;
            slot.filled = number + 1;
            ring.notifyAll();
        }
    }

    /**
     * The next batch; waits for it if it is not ready. What the previous call returned is no longer valid.
     *
     * @throws IllegalStateException when the stream is closed, or reading the batch failed (the cause)
     * @throws CancellationException when the calling thread is interrupted; its flag stays set and no batch is lost
     */
    public Batch next() {
        if (closed) {
            throw new IllegalStateException("the batch stream is closed");
        }
        Slot slot = slot(taken);
        synchronized (ring) {
            if (lent) {
                slot(taken - 1).upload.done();
                lent = false;
                returned++;
                ring.notifyAll();
            }
            await(slot);
            if (slot.failure != null) {
                throw new IllegalStateException(
                        "the data loader's thread failed at " + position() + ": " + slot.failure, slot.failure);
            }
            lent = true;
        }
        taken++;
        slot.upload.use();
        return slot.batch;
    }

    private void await(Slot slot) {
        try {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            while (slot.filled != taken + 1) {
                ring.wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException)
                    new CancellationException("interrupted while waiting for a batch").initCause(e);
        }
    }

    /** The batch that {@link #next()} will return next: what a checkpoint must keep. */
    public Position position() {
        return position(taken);
    }

    /** Ends the background threads, waits for them, and frees the buffers. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        synchronized (ring) {
            ending = true;
            ring.notifyAll();
        }
        boolean interrupted = false;
        // The buffers must outlive the threads, so an interrupt of the caller waits: at most one batch's reading.
        for (BatchFiller worker : workers) {
            interrupted |= worker.stop();
        }
        owned.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
