package io.gatun.nn.train;

import io.gatun.autograd.CapturedStep;
import io.gatun.autograd.Tape;
import io.gatun.nn.optim.Optimizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** One batch: forward, backward, update; or nothing of it, after an exception or where its numbers are not finite. */
final class Step {
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

    private NonFinite policy = NonFinite.THROW;
    private long skipped;
    private int inARow;
    private float loss;

    Step(Task task, Optimizer optimizer, Tape tape) {
        this.task = task;
        this.optimizer = optimizer;
        this.tape = tape;
    }

    void nonFinite(NonFinite newPolicy) {
        policy = newPolicy;
    }

    /** Of the latest batch. */
    float loss() {
        return loss;
    }

    long skipped() {
        return skipped;
    }

    void skipped(long count) {
        skipped = count;
    }

    /**
     * After an exception the same step can be tried again, by a run that goes on or a resumed one.
     *
     * @param number of the batch since the very beginning, for the random numbers
     * @return whether the parameters have learned from the batch
     */
    boolean run(int epoch, int batch, long number, Gradients gradients) throws IOException {
        event.begin();
        boolean learned;
        try {
            learned = tryStep(epoch, batch, number, gradients);
        } catch (IOException | RuntimeException | Error e) {
            try {
                tape.abandon();
                task.parameters().zeroGradients();
                task.seek(epoch, batch);
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        if (learned) {
            task.stepped();
            inARow = 0;
        } else {
            tape.abandon();
            task.parameters().zeroGradients();
            skipped++;
            inARow++;
        }
        if (event.shouldCommit()) {
            event.epoch = epoch;
            event.batch = batch;
            event.loss = loss;
            event.items = task.items();
            event.skipped = !learned;
            event.commit();
        }
        return learned;
    }

    private boolean tryStep(int epoch, int batch, long number, Gradients gradients) throws IOException {
        CapturedStep step = stepOf(task.prepare());
        loss = step.forward(number);
        boolean finite = Float.isFinite(loss);
        if (finite) {
            step.backward();
            finite = policy.skips() == 0 || finiteGradients();
        }
        if (!finite) {
            if (inARow >= policy.skips()) {
                throw new NonFiniteException(loss, number, epoch, batch, optimizer.learningRate());
            }
            return false;
        }
        gradients.computed();
        optimizer.step();
        return true;
    }

    private boolean finiteGradients() {
        MemorySegment all = task.parameters().gradientsToRead();
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
                captured.removeFirst();
            }
            captured.add(new Captured(graph, step));
        }
        return step;
    }
}
