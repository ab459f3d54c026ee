package io.gatun.nn.train;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Tape;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The training loop: forward, backward and optimizer step over the batches of a number of epochs, a test after each,
 * and checkpoints. One thread; owns nothing of what it is given.
 *
 * <pre>{@code
 * Trainer trainer = new Trainer(task, optimizer, tape, 10).checkpoint(file, 100, Map.of("model", "resnet20"));
 * Trainer.Summary summary = trainer.run();
 * }</pre>
 */
public final class Trainer {
    private static final int MOST_CAPTURED = 8;

    private record Captured(long graph, CapturedStep step) {}

    private final Task task;
    private final Optimizer optimizer;
    private final Tape tape;
    private final int epochs;
    private final List<Callback> callbacks = new ArrayList<>();

    /** Steps to be repeated: one for each buffer of a loader, and for an epoch's shorter last batch in it. */
    private final List<Captured> captured = new ArrayList<>();

    private Path file;
    private int every;
    private Map<String, String> facts = Map.of();

    /**
     * How a run ended.
     *
     * @param epochs whole epochs done, those before a resume included
     * @param test the last evaluation
     * @param itemsPerSecond of training alone, over this run; 0 if it did no step
     * @param seconds of this run, all included
     */
    public record Summary(int epochs, long steps, Evaluation test, double itemsPerSecond, double seconds) {}

    /** A run of {@code epochs} epochs in all. */
    public Trainer(Task task, Optimizer optimizer, Tape tape, int epochs) {
        if (epochs < 0) {
            throw new IllegalArgumentException("a training cannot have " + epochs + " epochs");
        }
        this.task = task;
        this.optimizer = optimizer;
        this.tape = tape;
        this.epochs = epochs;
    }

    /** Adds one; they are called in the order they were added. */
    public Trainer callback(Callback callback) {
        callbacks.add(callback);
        return this;
    }

    /**
     * Writes checkpoints to {@code file}: after each epoch and after each {@code steps} steps.
     *
     * @param steps 0 for after epochs only
     * @param metadata strings to keep in it: the model's name and options
     */
    public Trainer checkpoint(Path path, int steps, Map<String, String> metadata) {
        if (steps < 0) {
            throw new IllegalArgumentException("a checkpoint every " + steps + " steps is not possible");
        }
        file = path;
        every = steps;
        facts = Map.copyOf(metadata);
        return this;
    }

    /**
     * Continues where the checkpoint was written: {@link #run} then gives the weights, to the bit, that the run which
     * wrote it would have given.
     *
     * @throws IllegalArgumentException if it is of another model or was made with other options
     */
    public Trainer resume(CheckpointFile.Content checkpoint) {
        Checkpoint.restore(checkpoint, task, optimizer);
        return this;
    }

    /**
     * Trains to the end, or until a callback stops it.
     *
     * @throws NonFiniteException if a loss is NaN or infinite, before it reaches the parameters
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room. After this and any other exception of a
     *     step the model, the optimizer and the place in the data are those before the step, and run may be called again
     * @throws IOException if a checkpoint cannot be written; the former one is whole
     */
    public Summary run() throws IOException {
        long begin = System.nanoTime();
        int batches = task.stepsPerEpoch();
        long all = 0;
        double allSeconds = 0;
        Evaluation test = null;
        boolean on = true;
        while (on && optimizer.steps() < (long) epochs * batches) {
            int epoch = (int) (optimizer.steps() / batches);
            Progress progress = new Progress();
            on = epoch(epoch, batches, progress);
            all += progress.items;
            allSeconds += progress.seconds;
            if (optimizer.steps() % batches != 0) {
                break;
            }
            test = task.evaluate(tape);
            save();
            on &= report(epoch, progress, test, seconds(begin));
        }
        if (test == null) {
            test = task.evaluate(tape);
        }
        return new Summary(
                (int) (optimizer.steps() / batches),
                optimizer.steps(),
                test,
                allSeconds > 0 ? all / allSeconds : 0,
                seconds(begin));
    }

    private static final class Progress {
        private long items;
        private int steps;
        private double lossSum;
        private double seconds;
    }

    /** The rest of an epoch; false if a callback stopped it. */
    private boolean epoch(int epoch, int batches, Progress progress) throws IOException {
        boolean on = true;
        for (int batch = (int) (optimizer.steps() % batches); on && batch < batches; batch++) {
            long start = System.nanoTime();
            float loss = step(epoch, batch);
            progress.seconds += seconds(start);
            progress.items += task.items();
            progress.steps++;
            progress.lossSum += loss;
            if (every > 0 && optimizer.steps() % every == 0 && batch + 1 < batches) {
                save();
            }
            Callback.StepReport report =
                    new Callback.StepReport(epoch, epochs, batch, batches, loss, progress.items / progress.seconds);
            for (Callback callback : callbacks) {
                on &= callback.onStep(report);
            }
        }
        return on;
    }

    /** One step, or none: after an exception the same step can be tried again, by {@link #run} or a resumed one. */
    private float step(int epoch, int batch) {
        float loss;
        try {
            loss = tryStep(epoch, batch);
        } catch (RuntimeException | Error e) {
            try {
                tape.abandon();
                task.parameters().zeroGradients();
                task.seek(epoch, batch);
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        task.stepped();
        return loss;
    }

    private float tryStep(int epoch, int batch) {
        CapturedStep step = stepOf(task.prepare());
        float loss = step.forward(optimizer.steps());
        if (!Float.isFinite(loss)) {
            throw new NonFiniteException(loss, optimizer.steps(), epoch, batch, optimizer.learningRate());
        }
        step.backward();
        optimizer.step();
        return loss;
    }

    /** One that repeats what it did for a batch of the same number, or does it for the first time. */
    private CapturedStep stepOf(long graph) {
        for (int i = 0; i < captured.size(); i++) {
            if (captured.get(i).graph == graph) {
                return captured.get(i).step;
            }
        }
        CapturedStep step = tape.capture(() -> task.forward(tape));
        if (graph != Task.ANEW) {
            if (captured.size() == MOST_CAPTURED) {
                captured.removeFirst();
            }
            captured.add(new Captured(graph, step));
        }
        return step;
    }

    private boolean report(int epoch, Progress progress, Evaluation test, double seconds) {
        Callback.EpochReport report = new Callback.EpochReport(
                epoch, epochs, progress.lossSum / progress.steps, test, progress.items / progress.seconds, seconds);
        boolean on = true;
        for (Callback callback : callbacks) {
            on &= callback.onEpoch(report);
        }
        return on;
    }

    private void save() throws IOException {
        if (file != null) {
            Checkpoint.save(file, task, optimizer, facts);
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
