package io.gatun.nn.train;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Tape;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.optim.Optimizer;
import io.gatun.nn.optim.Penalty;
import io.gatun.spec.ReduceSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
        /** It and those that waited were left out. */
        SKIPPED
    }

    private static final int MOST_CAPTURED = 8;
    private static final int EXPONENT = 0x7F80_0000;

    private record Captured(long graph, CapturedStep step) {}

    /** What is to be done between backward and update. */
    interface Gradients {
        void computed() throws IOException;
    }

    private final Task task;
    private final Optimizer optimizer;
    private final Tape tape;
    private final TrainingEvents.Step event = new TrainingEvents.Step();

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

    Step(Task task, Optimizer optimizer, Tape tape) {
        this.task = task;
        this.optimizer = optimizer;
        this.tape = tape;
    }

    void nonFinite(NonFinite newPolicy) {
        policy = newPolicy;
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
        event.begin();
        Outcome outcome;
        try {
            outcome = tryStep(epoch, batch, number, last, gradients);
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
            inARow++;
        } else {
            task.stepped();
        }
        settle(outcome);
        if (event.shouldCommit()) {
            event.epoch = epoch;
            event.batch = batch;
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
            inARow = outcome == Outcome.LEARNED ? 0 : inARow;
        }
    }

    private Outcome tryStep(int epoch, int batch, long number, boolean last, Gradients gradients) throws IOException {
        CapturedStep step = stepOf(task.prepare());
        loss = step.forward(number);
        boolean finite = Float.isFinite(loss);
        if (finite) {
            step.backward();
            finite = policy.skips() == 0 || finiteGradients();
        }
        int microBatches = pending + 1;
        boolean update = microBatches == options.accumulate || last;
        penalized = finite && update ? penalize(microBatches) : 0;
        if (!finite || !Float.isFinite(penalized)) {
            if (inARow >= policy.skips()) {
                throw new NonFiniteException(loss + penalized, number, epoch, batch, optimizer.learningRate());
            }
            penalized = 0;
            return Outcome.SKIPPED;
        }
        if (!update) {
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

    private boolean finiteGradients() {
        MemorySegment all = task.parameters().gradientsToRead();
        if (!Place.of(all).isHost()) {
            // A number that is not finite leaves no finite sum.
            MemorySegment sum = tape.slab().allocate(Float.BYTES, "sum of gradients");
            int count = Math.toIntExact(task.parameters().count());
            tape.kernels().plan(ReduceSpec.all(ReduceSpec.Op.SUM, count)).run(all, sum);
            return Float.isFinite(Places.first(sum));
        }
        int bad = 0;
        for (long i = 0; i < task.parameters().count(); i++) {
            int bits = all.getAtIndex(ValueLayout.JAVA_INT, i);
            bad |= (bits & EXPONENT) == EXPONENT ? 1 : 0;
        }
        return bad == 0;
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
                captured.removeFirst().step.close();
            }
            captured.add(new Captured(graph, step));
        }
        return step;
    }
}
