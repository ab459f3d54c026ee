package io.gatun.nn.train;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * What a flight recording shows of a training ({@code jfr print --events 'gatun.*'}). A trainer fills one object again
 * and again, and nothing is written while no recording runs.
 */
final class TrainingEvents {
    private TrainingEvents() {}

    /** One batch: forward, backward and the optimizer's step. */
    @Name("gatun.Step")
    @Label("Training Step")
    @Category({"Gatun", "Training"})
    @Description("Forward, backward and update for one batch")
    @StackTrace(false)
    static final class Step extends Event {
        @Label("Epoch")
        int epoch;

        @Label("Batch")
        int batch;

        @Label("Loss")
        float loss;

        @Label("Items")
        int items;

        @Label("Skipped")
        boolean skipped;
    }

    /** One epoch with its evaluation. */
    @Name("gatun.Epoch")
    @Label("Training Epoch")
    @Category({"Gatun", "Training"})
    @StackTrace(false)
    static final class Epoch extends Event {
        @Label("Epoch")
        int epoch;

        @Label("Training Loss")
        double trainLoss;

        @Label("Test Loss")
        double testLoss;

        @Label("Items per Second")
        double itemsPerSecond;
    }

    /** One checkpoint, written, verified and in place. */
    @Name("gatun.Checkpoint")
    @Label("Checkpoint")
    @Category({"Gatun", "Training"})
    @StackTrace(false)
    static final class Saved extends Event {
        @Label("File")
        String file;

        @Label("Batches")
        long batches;
    }
}
