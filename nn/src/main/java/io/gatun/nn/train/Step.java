package io.gatun.nn.train;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.autograd.Update;
import io.gatun.nn.optim.LossScaler;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One batch: forward, backward, and the update where enough micro-batches have added up their gradients; or nothing of it,
 * after an exception or where its numbers are not finite, which takes the earlier micro-batches of its update with it.
 */
final class Step {
    /** What became of a batch. */
    enum Outcome {
        /** Its gradients wait for those of others. */
        GATHERED,
        /** The parameters have learned from it and those that waited. */
        LEARNED,
        /** The device was told to learn from it; nobody knows its loss yet. */
        STARTED,
        /** It and those that waited were left out. */
        SKIPPED
    }

    /** One for each buffer of a loader that reads far ahead, and for its last, shorter batch; beyond that they come to nothing. */
    private static final int MOST_CAPTURED = 64;

    private record Captured(long graph, CapturedStep step) {}

    /** What is to be done between backward and update. */
    interface Gradients {
        void computed() throws IOException;
    }

    private final Task task;
    private final Optimizer optimizer;
    private final Tape tape;
    private final Update update;
    private final TrainingEvents.Step reused = new TrainingEvents.Step();

    /** Steps to be repeated: one for each buffer of a loader, and for an epoch's shorter last batch in it. */
    private final List<Captured> captured = new ArrayList<>();

    /**
     * What a checkpoint's run must have in common with the one that resumes it.
     *
     * @param accumulate micro-batches of an update
     * @param penalty null for none
     */
    record Options(int accumulate, Penalty penalty) {
        String penaltyOrNone() {
            return penalty == null ? "none" : penalty.toString();
        }
    }

    private NonFinite policy = NonFinite.THROW;

    /** Of losses in binary16; null for none. */
    private LossScaler scaler;

    private long skipped;
    private int inARow;
    private Options options = new Options(1, null);

    /** Micro-batches whose gradients wait. */
    private int pending;

    /** Of the latest outcome that was not to wait: batches, and the sum of their losses. */
    private int group;

    private double lossSum;
    private float loss;

    /** Of the latest batch's update; 0 where it made none. */
    private float penalized;

    /** Where losses are kept that are read later; null where each is read at once. */
    private LateLosses late;

    /** Of the latest batch, where it was started. */
    private LateLosses.Loss started;

    Step(Task task, Optimizer optimizer, Tape tape) {
        this.task = task;
        this.optimizer = optimizer;
        this.tape = tape;
        this.update = optimizer.update();
    }

    /** Whether nothing is asked of it that must be known between a loss and its update. */
    boolean canBeLate() {
        return options.accumulate == 1 && options.penalty == null && policy.skips() == 0 && scaler == null;
    }

    /** From now on steps are started and not waited for, where {@link #canBeLate}; null: each is waited for. */
    void late(LateLosses losses) {
        late = losses;
    }

    /** The loss of the latest batch, which was {@link Outcome#STARTED}. */
    LateLosses.Loss started() {
        return started;
    }

    void nonFinite(NonFinite newPolicy) {
        policy = newPolicy;
    }

    void scaler(LossScaler newScaler) {
        scaler = newScaler;
    }

    void accumulate(int microBatches) {
        options = new Options(microBatches, options.penalty);
    }

    void penalty(Penalty penalty) {
        options = new Options(options.accumulate, penalty);
    }

    Options options() {
        return options;
    }

    int pending() {
        return pending;
    }

    int group() {
        return group;
    }

    double lossSum() {
        return lossSum;
    }

    long skipped() {
        return skipped;
    }

    void skipped(long count) {
        skipped = count;
    }

    /**
     * After an exception the same update can be tried again, from its first micro-batch.
     *
     * @param number of the batch since the very beginning, for the random numbers
     * @param last whether the parameters must be updated now, however few micro-batches there are
     */
    Outcome run(int epoch, int batch, long number, boolean last, Gradients gradients) throws IOException {
        // One whose loss is not known yet waits for it.
        TrainingEvents.Step event = late == null ? reused : new TrainingEvents.Step();
        event.begin();
        Outcome outcome;
        try {
            outcome = late == null ? tryStep(epoch, batch, number, last, gradients) : start(number, event);
        } catch (IOException | RuntimeException | Error e) {
            try {
                tape.abandon();
                task.parameters().zeroGradients();
                task.seek(epoch, batch - pending);
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            pending = 0;
            throw e;
        }
        if (outcome == Outcome.SKIPPED) {
            tape.abandon();
            task.parameters().zeroGradients();
        } else {
            task.stepped();
        }
        settle(outcome);
        // One that is used again keeps its first duration unless it is told.
        event.end();
        event.epoch = epoch;
        event.batch = batch;
        if (outcome == Outcome.STARTED) {
            event.items = task.items();
        } else if (event.shouldCommit()) {
            event.loss = loss + penalized;
            event.items = task.items();
            event.skipped = outcome == Outcome.SKIPPED;
            event.commit();
        }
        return outcome;
    }

    private void settle(Outcome outcome) {
        lossSum = pending == 0 ? loss : lossSum + loss;
        pending++;
        lossSum += (double) penalized * pending;
        if (outcome != Outcome.GATHERED) {
            group = pending;
            pending = 0;
            skipped += outcome == Outcome.SKIPPED ? group : 0;
            inARow = outcome == Outcome.SKIPPED ? inARow : 0;
        }
    }

    private Outcome start(long number, TrainingEvents.Step event) {
        CapturedStep step = stepOf(task.prepare());
        float rate = optimizer.learningRate();
        step.train(number, update, late.ring());
        started = late.started(event, number, rate);
        return Outcome.STARTED;
    }

    private Outcome tryStep(int epoch, int batch, long number, boolean last, Gradients gradients) throws IOException {
        CapturedStep step = stepOf(task.prepare());
        float factor = scaler == null ? 1 : scaler.factor();
        loss = step.forward(number) / factor;
        int microBatches = pending + 1;
        boolean updates = microBatches == options.accumulate || last;
        boolean finite = Float.isFinite(loss);
        if (finite) {
            step.backward();
            finite = scaler != null ? !updates || scaler.unscale() : policy.skips() == 0 || optimizer.gradientsFinite();
        } else if (scaler != null) {
            scaler.overflowed();
        }
        if (!finite && factor > 1) {
            // The factor was too large, not the numbers wrong.
            penalized = 0;
            return Outcome.SKIPPED;
        }
        penalized = finite && updates ? penalize(microBatches) : 0;
        if (!finite || !Float.isFinite(penalized)) {
            if (inARow >= policy.skips()) {
                throw NonFiniteException.of(loss + penalized, number, epoch, batch, optimizer.learningRate());
            }
            penalized = 0;
            inARow++;
            return Outcome.SKIPPED;
        }
        if (!updates) {
            return Outcome.GATHERED;
        }
        gradients.computed();
        optimizer.step(microBatches);
        return Outcome.LEARNED;
    }

    /** Once for an update, whose gradients the optimizer divides by the number of micro-batches; the value for one of them. */
    private float penalize(int microBatches) {
        return options.penalty == null
                ? 0
                : options.penalty.scaled(microBatches).addTo(tape.kernels(), task.parameters()) / microBatches;
    }

    private Tensor scaled(Tensor raw) {
        return scaler == null ? raw : scaler.scale(raw);
    }

    /** One that repeats what it did for a batch of the same number, or does it for the first time. */
    private CapturedStep stepOf(long graph) {
        for (int i = 0; i < captured.size(); i++) {
            if (captured.get(i).graph == graph) {
                return captured.get(i).step;
            }
        }
        CapturedStep step = tape.capture(() -> scaled(task.forward(tape)));
        if (graph != Task.ANEW) {
            if (captured.size() == MOST_CAPTURED) {
                captured.removeFirst().step.close();
            }
            captured.add(new Captured(graph, step));
        }
        return step;
    }
}
