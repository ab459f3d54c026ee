package io.gatun.nn.train;

import io.gatun.autograd.LossRing;
import io.gatun.memory.NativeMemory;

/**
 * The losses of steps that a device was given and nobody has waited for: kept there, and read together in their order. At
 * most so many are owed at a time, and after the first that is not finite none is read any more.
 */
final class LateLosses implements AutoCloseable {
    /** Told of what was read. */
    interface Listener {
        /** A finite loss, in the order of the steps. */
        void learned(float loss);

        /** For the device, so many seconds. */
        void waited(double seconds);
    }

    /** Of one step. */
    static final class Loss {
        private final LateLosses all;
        private final TrainingEvents.Step event;
        private final long number;
        private final float learningRate;
        private float value;
        private boolean known;

        private Loss(LateLosses all, TrainingEvents.Step event, long number, float learningRate) {
            this.all = all;
            this.event = event;
            this.number = number;
            this.learningRate = learningRate;
        }

        /**
         * Waits for the step if its loss is not known yet.
         *
         * @throws NonFiniteException if it is not finite, or one before it was not
         */
        float value() {
            if (!known) {
                all.read();
            }
            return value;
        }
    }

    private final LossRing ring;
    private final Loss[] owed;
    private final Listener listener;
    private int count;
    private RuntimeException failure;

    /**
     * Room for the losses of {@code most} steps.
     *
     * @param memory of the tape whose losses they are
     */
    LateLosses(NativeMemory memory, int most, Listener listener) {
        this.ring = new LossRing(memory, most);
        this.owed = new Loss[most];
        this.listener = listener;
    }

    /** Where steps keep their losses; {@link #full} is false before each. */
    LossRing ring() {
        return ring;
    }

    /** The loss of a step that was started and has noted it: the latest in the ring. */
    Loss started(TrainingEvents.Step event, long number, float learningRate) {
        Loss loss = new Loss(this, event, number, learningRate);
        owed[count++] = loss;
        return loss;
    }

    boolean full() {
        return count == owed.length;
    }

    /**
     * Waits for all steps that were started, if their losses are not known yet.
     *
     * @throws NonFiniteException naming the first whose loss is not finite, now and each time after it
     * @throws RuntimeException what the device found wrong with those steps, now and each time after it
     */
    void read() {
        if (count > 0) {
            long start = System.nanoTime();
            int read = count;
            count = 0;
            float[] values = latest(read);
            listener.waited((System.nanoTime() - start) / 1e9);
            for (int i = 0; i < read && failure == null; i++) {
                take(owed[i], values[i], read - 1 - i);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private float[] latest(int read) {
        try {
            return ring.latest(read);
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    private void take(Loss loss, float value, int more) {
        TrainingEvents.Step event = loss.event;
        if (!Float.isFinite(value)) {
            failure = NonFiniteException.late(value, loss.number, event.epoch, event.batch, loss.learningRate, more);
            return;
        }
        loss.value = value;
        loss.known = true;
        event.loss = value;
        if (event.shouldCommit()) {
            event.commit();
        }
        listener.learned(value);
    }

    /** Reads what is owed because of {@code failed}: the steps that were started before have been learned from. */
    void readAfter(Throwable failed) {
        if (count > 0) {
            try {
                read();
            } catch (RuntimeException again) {
                failed.addSuppressed(again);
            }
        }
    }

    @Override
    public void close() {
        ring.close();
    }
}
