package io.gatun.nn.train;

import io.gatun.nn.io.NamedTensor;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/**
 * Watches a training, on its thread, and may end it early.
 *
 * <p>Order: {@code onTrainBegin}; for each epoch {@code onEpochBegin}, for each batch {@code onStepBegin},
 * {@code onGradients}, {@code onStep} (or {@code onSkip}); then {@code onEvaluationBegin}, {@code onEvaluation}, the checkpoint,
 * {@code onEpoch}; at last {@code onTrainEnd}. Each event goes to all callbacks in the order in which they were added,
 * also where one of them asks to stop.
 *
 * <p>An exception ends the run: callbacks behind the one that threw do not see that event, but {@code onTrainEnd} comes to
 * every callback whose {@code onTrainBegin} returned, also after a failed step; what it throws then is added to the first
 * exception as suppressed. {@link Trainer#run} may be called again and goes on with the next batch that has not been
 * learned from.
 *
 * <p>What a callback must remember over a resume is its {@link #state}, which every checkpoint keeps. It may change in
 * {@code onStep} and {@code onEvaluation}, which come before the checkpoint that has it.
 */
public interface Callback {
    /**
     * After one optimizer step. On a device the step may still be under way: {@link #loss} and {@link #itemsPerSecond} then
     * wait for it, so ask for them where they are needed and not at each step.
     */
    interface StepReport {
        /** From 0, of {@link #epochs}. */
        int epoch();

        int epochs();

        /** From 0, of {@link #batches}; the last one of the update. */
        int batch();

        int batches();

        /** Batches since the very beginning, this one included. */
        long done();

        /**
         * Of this batch, or mean of the update's batches, before the step.
         *
         * @throws NonFiniteException on a device, if this loss or that of a step before it turns out not to be finite
         */
        float loss();

        /** That this step used. */
        float learningRate();

        /** Of this epoch so far. */
        double itemsPerSecond();
    }

    /**
     * After one epoch and its evaluation.
     *
     * @param epoch from 0, of {@code epochs}
     * @param done batches since the very beginning
     * @param trainLoss mean over the batches of this epoch, those before a resume included and skipped ones not
     * @param learningRate of the epoch's last step
     * @param itemsPerSecond of training alone, without evaluation and saving
     * @param seconds since the run began
     */
    record EpochReport(
            int epoch,
            int epochs,
            long done,
            double trainLoss,
            Evaluation test,
            float learningRate,
            double itemsPerSecond,
            double seconds) {}

    /** Before the first epoch of a run, a resumed one included. */
    default void onTrainBegin(Training training) throws IOException {}

    /** Before the first batch of an epoch, or of what is left of it after a resume. */
    default void onEpochBegin(Training training, int epoch) throws IOException {}

    /** Before a batch is taken. */
    default void onStepBegin(Training training) throws IOException {}

    /**
     * Between backward and the optimizer's step: the gradients are there, the parameters are still the old ones. They are
     * to be read ({@link io.gatun.autograd.Parameters#gradientsToRead}) and not to be written. On a device a training with a
     * callback that overrides this takes its steps apart, which costs launches and waits ({@link Trainer#lossesEvery}).
     */
    default void onGradients(Training training) throws IOException {}

    /** After a batch (with accumulation, the batches of an update) was left out, see {@link NonFinite}. */
    default void onSkip(Training training) throws IOException {}

    /** After an update; returns false to stop. */
    default boolean onStep(StepReport report) throws IOException {
        return true;
    }

    /** Before an evaluation. */
    default void onEvaluationBegin(Training training) throws IOException {}

    /** After an epoch's evaluation, before its checkpoint; returns false to stop behind it. */
    default boolean onEvaluation(Training training, EpochReport report) throws IOException {
        return true;
    }

    /** After an epoch; its checkpoint has been written. Returns false to stop. */
    default boolean onEpoch(EpochReport report) throws IOException {
        return true;
    }

    /**
     * The end of a run, however it ended.
     *
     * @param summary null if an exception ended it
     */
    default void onTrainEnd(Training training, Trainer.Summary summary) throws IOException {}

    /** What a checkpoint keeps of this callback, under names that no other one uses; views, read at once. */
    default List<NamedTensor> state() {
        return List.of();
    }

    /**
     * Brings back {@link #state}.
     *
     * @param find a tensor by name; throws when it has none
     */
    default void load(Function<String, NamedTensor> find) {}
}
