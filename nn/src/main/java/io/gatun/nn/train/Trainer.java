package io.gatun.nn.train;

import io.gatun.autograd.Tape;
import io.gatun.nn.io.CheckpointFile;
import io.gatun.nn.metric.Metric;
import io.gatun.nn.optim.LossScaler;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.nn.optim.WeightAverage;
import java.io.IOException;
import java.nio.file.Path;
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
    private static final int LOSSES_EVERY = 32;

    private final Task task;
    private final Optimizer optimizer;
    private final int epochs;
    private final Callbacks callbacks = new Callbacks(new View());
    private final Tape tape;
    private final Step step;
    private final Step.Gradients gradients = callbacks::gradients;
    private final Evaluator evaluator;

    private Path file;
    private int every;
    private Map<String, String> facts = Map.of();
    private boolean resumed;
    private boolean stopped;

    /** Batches learned from or skipped; below 0 until the first run or resume. */
    private long done = -1;

    /** Of the current epoch's batches that were learned from. */
    private double lossSum;

    private int losses;
    private float rate;
    private Progress progress = new Progress();

    /** How many losses a device may owe. */
    private int lossesEvery = LOSSES_EVERY;

    /** What is not known yet of steps that a device was given; null where each is waited for. */
    private LateLosses late;

    private final LateLosses.Listener listener = new LateLosses.Listener() {
        @Override
        public void learned(float loss) {
            lossSum += loss;
            losses++;
        }

        @Override
        public void waited(double seconds) {
            progress.seconds += seconds;
        }
    };

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
        this.step = new Step(task, optimizer, tape);
        this.evaluator = new Evaluator(task, tape);
    }

    /**
     * Adds one; they are called in the order they were added.
     *
     * @throws IllegalStateException if it has a state and {@link #resume} was called before: it would not be brought back
     */
    public Trainer callback(Callback callback) {
        if (resumed && !callback.state().isEmpty()) {
            throw new IllegalStateException(callback.getClass().getSimpleName()
                    + " has a state that a checkpoint keeps; add it before resume()");
        }
        callbacks.add(callback);
        return this;
    }

    /**
     * Further figures of each evaluation, under their names, beside those of an earlier call. They are reset before it, so that afterwards they hold what
     * the latest one has shown: a {@link io.gatun.nn.metric.ConfusionMatrix} its counts.
     */
    public Trainer metrics(Metric... more) {
        evaluator.metrics(more);
        return this;
    }

    /** What to do about a loss or gradient that is not finite; {@link NonFinite#THROW} unless said. */
    public Trainer nonFinite(NonFinite policy) {
        step.nonFinite(policy);
        return this;
    }

    /**
     * Scales losses, for a tape in binary16 ({@link Tape#autocast}). A batch whose scaled gradients overflow is left out and
     * halves the factor; {@link #nonFinite} is asked where one is not finite at a factor of 1 or less.
     */
    public Trainer scaler(LossScaler scaler) {
        step.scaler(scaler);
        return this;
    }

    /**
     * Adds a penalty of large weights to what is learned: its gradient in each update and its value to the loss, so in
     * {@link Callback.StepReport#loss} and {@link Callback.EpochReport#trainLoss}. The test loss stays that of the data; the
     * weights' penalty is the figure {@code penalty} beside it.
     */
    public Trainer penalty(Penalty penalty) {
        step.penalty(penalty);
        evaluator.penalty(penalty);
        return this;
    }

    /**
     * Evaluates averaged weights, which usually do better than the trained ones: from its first update on, the model has the
     * average during each evaluation, {@link Callback#onEvaluation} included, so that the best weights of
     * {@link EarlyStopping} and {@link ModelCheckpoint} are averaged ones; then the trained ones are back, to the bit, and so
     * they are when the run has ended: {@link WeightAverage#keep} makes the average the model, unless early stopping has
     * brought the best average back already. The optimizer updates the average from now on, and checkpoints hold it.
     */
    public Trainer average(WeightAverage average) {
        return average(average, 0);
    }

    /**
     * As {@link #average(WeightAverage)}, with running statistics that are computed anew for the average before each
     * evaluation, as torch.optim.swa_utils.update_bn does: a mean of weights far apart (SWA) needs that where the model has
     * batch norms.
     *
     * @param statisticsBatches of the training data that they come from, at most an epoch; 0 leaves them as they are
     */
    public Trainer average(WeightAverage average, int statisticsBatches) {
        if (statisticsBatches < 0) {
            throw new IllegalArgumentException(
                    "running statistics of " + statisticsBatches + " batches are not possible; 0 leaves them");
        }
        optimizer.attach(average);
        evaluator.average(average, statisticsBatches);
        return this;
    }

    /**
     * Adds up the gradients of so many batches before each update, which then is that of their mean: large batches in little
     * memory. An epoch's last update takes those that are left. The schedule counts updates. A backward that
     * adds to gradients cannot be repeated from a capture, so with more than one micro-batch every step is recorded anew.
     *
     * <p>Updates are whole or not at all: what ends a run between two micro-batches lets the next run begin with the first
     * of them. A task with a carried state ({@link Task#state}) has then carried it further; resume from a checkpoint.
     */
    public Trainer accumulate(int microBatches) {
        if (microBatches < 1) {
            throw new IllegalArgumentException("an update of " + microBatches + " micro-batches is not possible");
        }
        step.accumulate(microBatches);
        return this;
    }

    /**
     * How many steps a device may be given before their losses are read, 32 unless said. Each such step is one launch that
     * nobody waits for; a loss is read, with all that are owed, when somebody asks for it
     * ({@link Callback.StepReport#loss}), before a checkpoint, at the end of an epoch and when so many are owed. One that is
     * not finite is found then, after the steps that follow it: {@link #run} says what that means.
     *
     * <p>Each loss is read before its update, as on the host, where something must be known by then: with
     * {@link #accumulate}, {@link #penalty}, {@link NonFinite#skip}, or a callback that overrides
     * {@link Callback#onGradients}.
     *
     * @param steps 1 for each loss before its update; no matter on the host
     */
    public Trainer lossesEvery(int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException(
                    "losses cannot be read every " + steps + " steps; 1 reads each before its update");
        }
        lossesEvery = steps;
        return this;
    }

    /**
     * Writes checkpoints to {@code file}: after each epoch and after the update that completes
     * each {@code steps} batches.
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
     * wrote it would have given. Add the callbacks first.
     *
     * @throws IllegalArgumentException if it is of another model or was made with other options or callbacks
     */
    public Trainer resume(CheckpointFile.Content checkpoint) {
        Checkpoint.Place place = Checkpoint.restore(checkpoint, task, optimizer, callbacks.all(), step.options());
        done = place.batches();
        step.skipped(place.skipped());
        lossSum = place.lossSum();
        losses = place.losses();
        resumed = true;
        return this;
    }

    /**
     * Trains to the end, or until a callback stops it.
     *
     * @throws NonFiniteException if a loss is NaN or infinite, before it reaches the parameters; on a device, whose losses are
     *     read some steps later ({@link #lossesEvery}), after it: no checkpoint holds it, and the run goes on from the last
     *     one, by {@link #resume}. So it is there with an index out of range, which a device tells of when it is waited for
     * @throws io.gatun.memory.NativeMemoryException if the budget has no room. After this and any other exception of a
     *     step the model, the optimizer and the place in the data are those before the step, and run may be called again
     * @throws IOException if a checkpoint or a log cannot be written; the former checkpoint is whole
     */
    public Summary run() throws IOException {
        if (done < 0) {
            done = optimizer.steps();
        }
        stopped = false;
        Summary summary;
        try (LateLosses losses = lateOrNull()) {
            summary = run(losses);
        }
        callbacks.trainEnd(summary);
        return summary;
    }

    private Summary run(LateLosses ofSteps) throws IOException {
        late = ofSteps;
        step.late(ofSteps);
        try {
            callbacks.trainBegin();
            return train();
        } catch (IOException | RuntimeException | Error e) {
            if (late != null) {
                late.readAfter(e);
            }
            callbacks.failed(e);
            throw e;
        } finally {
            late = null;
            step.late(null);
        }
    }

    private LateLosses lateOrNull() {
        boolean possible = !tape.place().isHost() && step.canBeLate() && !callbacks.lookAtGradients();
        return possible && lossesEvery > 1 ? new LateLosses(tape.kernels().memory(), lossesEvery, listener) : null;
    }

    /** Waits for what was started and takes its losses. */
    private void readLosses() {
        if (late != null) {
            late.read();
        }
    }

    /**
     * Evaluates the weights that the model has now, with the metrics, and tells no callback: after a run whose
     * {@link EarlyStopping} has brought others back, or after {@link WeightAverage#keep}.
     */
    public Evaluation evaluate() {
        return evaluator.run();
    }

    private Summary train() throws IOException {
        long begin = System.nanoTime();
        int batches = task.stepsPerEpoch();
        long all = 0;
        double allSeconds = 0;
        Evaluation test = null;
        while (!stopped && done < (long) epochs * batches) {
            TrainingEvents.Epoch event = new TrainingEvents.Epoch();
            event.begin();
            int epoch = (int) (done / batches);
            progress = new Progress();
            epoch(epoch, batches);
            readLosses();
            all += progress.items;
            allSeconds += progress.seconds;
            if (done % batches != 0) {
                break;
            }
            test = evaluate(epoch, begin);
            event.epoch = epoch;
            event.trainLoss = progress.trainLoss;
            event.testLoss = test.loss();
            event.itemsPerSecond = progress.pace();
            event.commit();
        }
        if (test == null) {
            try (var _ = evaluator.averaged()) {
                test = evaluator.run();
            }
        }
        return new Summary(
                (int) (done / batches), optimizer.steps(), test, allSeconds > 0 ? all / allSeconds : 0, seconds(begin));
    }

    private static final class Progress {
        private long items;
        private double seconds;
        private double trainLoss;

        /** Items a second. */
        private double pace() {
            return items / seconds;
        }
    }

    /** The rest of an epoch, or less if a callback stops it. */
    private void epoch(int epoch, int batches) throws IOException {
        callbacks.epochBegin(epoch);
        boolean on = !stopped;
        for (int batch = (int) (done % batches); on && batch < batches; batch++) {
            callbacks.stepBegin();
            long start = System.nanoTime();
            rate = optimizer.learningRate();
            boolean last = batch + 1 == batches;
            Step.Outcome outcome = step.run(epoch, batch, done + step.pending(), last, gradients);
            progress.seconds += seconds(start);
            progress.items += task.items();
            if (outcome != Step.Outcome.GATHERED) {
                long before = done;
                done += step.group();
                tell(outcome, epoch, batch, batches);
                if (every > 0 && done / every > before / every && !last) {
                    save();
                }
                if (late != null && late.full()) {
                    late.read();
                }
                on = !stopped;
            }
        }
    }

    private void tell(Step.Outcome outcome, int epoch, int batch, int batches) throws IOException {
        switch (outcome) {
            case LEARNED -> {
                lossSum += step.lossSum();
                losses += step.group();
                if (!callbacks.isEmpty()) {
                    float loss = (float) (step.lossSum() / step.group());
                    report(new KnownStep(epoch, epochs, batch, batches, done, loss, rate, progress.pace()));
                }
            }
            case STARTED -> {
                if (!callbacks.isEmpty()) {
                    Progress current = progress;
                    report(new StartedStep(epoch, epochs, batch, batches, done, step.started(), rate, current::pace));
                }
            }
            case SKIPPED -> callbacks.skip();
            case GATHERED -> throw new AssertionError("nobody is told of a part of an update");
        }
    }

    private void report(Callback.StepReport report) throws IOException {
        stopped |= !callbacks.step(report);
    }

    private Evaluation evaluate(int epoch, long begin) throws IOException {
        Callback.EpochReport report;
        try (var _ = evaluator.averaged()) {
            callbacks.evaluationBegin();
            Evaluation test = evaluator.run();
            progress.trainLoss = lossSum / losses;
            lossSum = 0;
            losses = 0;
            report = new Callback.EpochReport(
                    epoch, epochs, done, progress.trainLoss, test, rate, progress.pace(), seconds(begin));
            stopped |= !callbacks.evaluation(report);
        }
        save();
        stopped |= !callbacks.epoch(report);
        return report.test();
    }

    private void save() throws IOException {
        if (file != null) {
            save(file);
        }
    }

    private void save(Path path) throws IOException {
        if (step.pending() > 0) {
            throw new IllegalStateException("a checkpoint between the micro-batches of an update is not possible;"
                    + " save in onStep or onEvaluation");
        }
        // What is not known to be finite is not saved.
        readLosses();
        TrainingEvents.Saved event = new TrainingEvents.Saved();
        event.begin();
        Checkpoint.Place place = new Checkpoint.Place(done, step.skipped(), lossSum, losses, step.options());
        Checkpoint.save(path, task, optimizer, callbacks.all(), place, facts);
        event.file = path.toString();
        event.batches = done;
        event.commit();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private final class View implements Training {
        @Override
        public Task task() {
            return task;
        }

        @Override
        public Optimizer optimizer() {
            return optimizer;
        }

        @Override
        public Tape tape() {
            return tape;
        }

        @Override
        public int epochs() {
            return epochs;
        }

        @Override
        public long batches() {
            return done;
        }

        @Override
        public long skipped() {
            return step.skipped();
        }

        @Override
        public Map<String, String> facts() {
            return facts;
        }

        @Override
        public void stop() {
            stopped = true;
        }

        @Override
        public void save(Path path) throws IOException {
            Trainer.this.save(path);
        }
    }
}
