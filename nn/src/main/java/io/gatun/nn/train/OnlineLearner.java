package io.gatun.nn.train;

import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Loss;
import io.gatun.nn.Module;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Learning from a stream that has no epochs: one step on whatever has arrived, now and then, for as long as the program runs
 * (scikit-learn's {@code partial_fit}). The model, the optimizer's moments and the schedule go on from call to call. A step
 * is whole or not at all: after an exception the model is as it was before.
 *
 * <p>Between calls the model may be used as ever; one thread at a time. It owns nothing of what it is given.
 */
public final class OnlineLearner {
    private final Loss loss;
    private final Arrivals arrivals;
    private final Optimizer optimizer;
    private final Step step;
    private long batches;

    /**
     * The model must have its memory; it is set to training.
     *
     * @param loss of what the model gives and the targets; see {@link #partialFit(Function)} for other ways to learn
     */
    public OnlineLearner(Module model, Loss loss, Optimizer optimizer, Tape tape) {
        this.loss = loss;
        this.optimizer = optimizer;
        this.arrivals = new Arrivals(model);
        this.step = new Step(arrivals, optimizer, tape);
        model.train();
    }

    /** See {@link Trainer#nonFinite}. */
    public OnlineLearner nonFinite(NonFinite policy) {
        step.nonFinite(policy);
        return this;
    }

    /** See {@link Trainer#penalty}. */
    public OnlineLearner penalty(Penalty penalty) {
        step.penalty(penalty);
        return this;
    }

    /**
     * One step on labelled rows.
     *
     * @param rows [n, features], at least one
     * @param labels a class for each row
     * @return the loss before the step; NaN or infinite if the batch was skipped
     * @throws NonFiniteException if a loss is NaN or infinite and is not to be skipped
     */
    public float partialFit(float[][] rows, int... labels) {
        same(rows.length, labels.length);
        return partialFit(tape ->
                loss.of(arrivals.model.call(matrix(tape, rows)), tape.integers(Shape.of(labels.length), labels)));
    }

    /** As {@link #partialFit(float[][], int...)}, for targets of numbers: [n, outputs]. */
    public float partialFit(float[][] rows, float[][] targets) {
        same(rows.length, targets.length);
        return partialFit(tape -> loss.of(arrivals.model.call(matrix(tape, rows)), matrix(tape, targets)));
    }

    /** One step on the loss that {@code forward} records on the tape it is given: any input, any number of nets. */
    public float partialFit(Function<Tape, Tensor> forward) {
        arrivals.forward = forward;
        try {
            step.run(0, 0, batches, true, () -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            arrivals.forward = null;
        }
        batches++;
        return (float) step.lossSum();
    }

    private static void same(int rows, int targets) {
        if (rows == 0 || rows != targets) {
            throw new IllegalArgumentException("partialFit: " + rows + " rows and " + targets
                    + " targets; give at least one row, and a target for each");
        }
    }

    private static Tensor matrix(Tape tape, float[][] rows) {
        int columns = rows[0].length;
        float[] flat = new float[rows.length * columns];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != columns) {
                throw new IllegalArgumentException(
                        "partialFit: row " + i + " has " + rows[i].length + " numbers, row 0 has " + columns);
            }
            System.arraycopy(rows[i], 0, flat, i * columns, columns);
        }
        return tape.tensor(Shape.of(rows.length, columns), flat);
    }

    /** Calls of {@code partialFit} that came to an end, those before a resume included. */
    public long batches() {
        return batches;
    }

    /** Of these, how many were skipped because of numbers that are not finite. */
    public long skipped() {
        return step.skipped();
    }

    /** Writes all that {@link #resume} needs to go on exactly: weights, running statistics, the optimizer's state. */
    public void save(Path file, Map<String, String> metadata) throws IOException {
        Checkpoint.Place place = new Checkpoint.Place(batches, step.skipped(), 0, 0, step.options());
        Checkpoint.save(file, arrivals, optimizer, List.of(), place, metadata);
    }

    /**
     * Goes on where the checkpoint was written.
     *
     * @throws IllegalArgumentException if it is of another model or was made with other options
     */
    public OnlineLearner resume(CheckpointFile.Content checkpoint) {
        Checkpoint.Place place = Checkpoint.restore(checkpoint, arrivals, optimizer, List.of(), step.options());
        batches = place.batches();
        step.skipped(place.skipped());
        return this;
    }

    /** What has arrived, as a task of one step an epoch that cannot be sought. */
    private static final class Arrivals implements Task {
        private final Module model;
        private Function<Tape, Tensor> forward;

        Arrivals(Module model) {
            this.model = model;
        }

        @Override
        public Parameters parameters() {
            return model.parameters();
        }

        @Override
        public int stepsPerEpoch() {
            return 1;
        }

        @Override
        public void seek(long epoch, int batch) {
            // A stream does not come back.
        }

        @Override
        public Tensor forward(Tape tape) {
            return forward.apply(tape);
        }

        @Override
        public int items() {
            return 1;
        }

        @Override
        public String unit() {
            return "batches";
        }

        @Override
        public Evaluation evaluate(Tape tape, Predictions predictions) {
            throw new UnsupportedOperationException("a stream has no test set");
        }

        @Override
        public void close() {
            // Owns nothing.
        }
    }
}
