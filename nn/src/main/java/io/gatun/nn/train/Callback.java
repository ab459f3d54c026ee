package io.gatun.nn.train;

/** Watches a training, on its thread, and may end it early. */
public interface Callback {
    /**
     * After one optimizer step.
     *
     * @param epoch from 0, of {@code epochs}
     * @param batch from 0, of {@code batches}
     * @param loss of this batch, before the step
     * @param itemsPerSecond of this epoch so far
     */
    record StepReport(int epoch, int epochs, int batch, int batches, float loss, double itemsPerSecond) {}

    /**
     * After one epoch and its evaluation.
     *
     * @param epoch from 0, of {@code epochs}
     * @param trainLoss mean over the batches of this epoch that this process did
     * @param itemsPerSecond of training alone, without evaluation and saving
     * @param seconds since the run began
     */
    record EpochReport(
            int epoch, int epochs, double trainLoss, Evaluation test, double itemsPerSecond, double seconds) {}

    /** Returns false to stop after this step. */
    default boolean onStep(StepReport report) {
        return true;
    }

    /** Returns false to stop after this epoch; its checkpoint has been written. */
    default boolean onEpoch(EpochReport report) {
        return true;
    }
}
