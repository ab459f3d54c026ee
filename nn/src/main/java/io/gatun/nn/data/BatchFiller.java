package io.gatun.nn.data;

import io.gatun.nn.data.BatchStream.Position;
import io.gatun.nn.data.BatchStream.Slot;

/** One background thread of a {@link BatchStream}: takes the next batch that nobody fills, and fills it. */
final class BatchFiller {
    private final BatchStream stream;
    private final DataLoader loader;
    private final Epochs epochs;
    private final Dataset.Reader reader;
    private final BatchTransform.Action transform;
    private final SplitMix stored = SplitMix.of(0);
    private final Thread thread;
    private long number;

    BatchFiller(BatchStream stream, DataLoader loader, Dataset source, Epochs epochs) {
        this.stream = stream;
        this.loader = loader;
        this.epochs = epochs;
        reader = source.reader();
        transform = loader.transform() == null ? null : loader.transform().action(source.fields());
        thread = Thread.ofPlatform()
                .name("gatun-data-loader")
                .daemon()
                .uncaughtExceptionHandler((_, cause) -> stream.end(number, cause))
                .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            for (number = stream.begin(); number >= 0; number = stream.begin()) {
                Slot slot = stream.slot(number);
                slot.upload.awaitHost();
                fill(slot, stream.position(number));
                slot.upload.start();
                stream.end(number, null);
            }
        } catch (InterruptedException e) {
            // stop() interrupts; nobody else has this thread.
            Thread.currentThread().interrupt();
        }
    }

    private void fill(Slot slot, Position at) {
        Epochs.Epoch epoch = epochs.get(at.epoch());
        int[] order = epoch.order();
        int from = at.batch() * loader.batch();
        int size = Math.min(loader.batch(), order.length - from);
        SplitMix random = loader.random() ? stored : null;
        for (int i = 0; i < size; i++) {
            int sample = order[from + i];
            if (random != null) {
                // A sample that comes k times more in this epoch is as sample + k * N.
                long again = epoch.repeats() == null ? 0 : epoch.repeats()[from + i];
                random.rekey(
                        loader.seed(),
                        at.epoch(),
                        sample + again * loader.dataset().size());
            }
            reader.read(sample, random, slot.from, i);
        }
        if (transform != null) {
            random.rekey(loader.seed(), at.epoch(), -1L - at.batch());
            transform.apply(size, random, slot.from, slot.to);
        }
        slot.batch.set(size, at.epoch(), at.batch(), at.batch() == stream.batches() - 1);
    }

    /** Ends the thread and waits for it; whether the caller was interrupted meanwhile. */
    boolean stop() {
        thread.interrupt();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }
}
