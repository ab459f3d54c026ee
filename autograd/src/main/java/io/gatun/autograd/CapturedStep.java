package io.gatun.autograd;

import io.gatun.kernel.Recording;
import io.gatun.memory.Replay;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A training step that is built once and then repeated: the same kernels on the same memory in the same order, without
 * the Java code that made them, so without garbage and with the same bits. What CUDA graphs are to a device.
 *
 * <pre>{@code
 * CapturedStep step = tape.capture(() ->
 *         Losses.crossEntropy(model.forward(tape.input(shape, images)), tape.indices(count, labels)));
 * for (int number = 0; number < batches.size(); number++) {
 *     images.copyFrom(batches.get(number));
 *     float loss = step.forward(number);
 *     step.backward();
 *     optimizer.step();
 * }
 * }</pre>
 *
 * <p>What changes from step to step is what lies in the memory that {@link Tape#input} was given: inputs, targets, carried
 * states; and the step's number, from which dropout draws. What Java code decides is decided once: a layer that is frozen
 * by its mode, or a branch on a value, needs a new capture. Tensors that the code kept hold the values of the latest step.
 *
 * <p>The code itself runs, and is recorded anew, where a repetition would not do the same: the first time, in debug mode,
 * after memory that it used was closed or a parameter began or ceased to require a gradient, while gradients of an earlier
 * step are there to be added to, and always if it copies values from the heap ({@link Tape#tensor}) or fills
 * {@link Tape#empty}. On a device also if a batch norm averages without momentum. For the tape's thread.
 *
 * <p>On a device a repetition is one graph forward and one backward, or, with {@link #train}, one for the whole step with
 * the optimizer's update: one launch, and nobody waits for it.
 */
public final class CapturedStep implements AutoCloseable {
    private final Tape tape;
    private final Supplier<Tensor> code;

    /** What each parameter's owner said of its parameters when this was recorded. */
    private record Owner(Parameters parameters, int structure) {}

    private final List<Owner> owners = new ArrayList<>();
    private Recording recording;
    private boolean whole;
    private int backwardFrom;
    private Tape.Mark end;
    private Parameter[] written = {};
    private Tensor loss;
    private boolean repeating;

    /** On a device: what a repetition launches, made by the first one that needs it. */
    private Replay forward;

    private Replay backward;
    private Replay all;

    /** What {@link #all} ends with, as {@link Update#prepare} said. */
    private Object updated;

    /** What {@link #all} has from the host besides. */
    private Recording ending;

    private Tape.Mark endOfAll;

    CapturedStep(Tape tape, Supplier<Tensor> code) {
        this.tape = tape;
        this.code = code;
    }

    /**
     * Begins the step of that number and computes its loss.
     *
     * @throws RuntimeException what the code or a kernel throws; all outside the tape is then as it was, see {@link Tape}
     */
    public float forward(long number) {
        run(number);
        return loss.item();
    }

    private void run(long number) {
        repeating = repeatable();
        if (repeating) {
            tape.restore(end, number);
            try {
                if (!tape.place().isHost()) {
                    recording.upload();
                    tape.fromHost().send(end.inputs());
                }
                forward = repeat("a step's forward", forward, 0, backwardFrom);
            } catch (RuntimeException | Error e) {
                tape.takeBack();
                throw e;
            }
        } else {
            record(number);
        }
    }

    /** All of it again: on a device one launch and what Java keeps beside it. */
    private Replay repeat(String name, Replay made, int from, int to) {
        if (tape.place().isHost()) {
            recording.repeat(from, to);
            return null;
        }
        tape.kernels().requireOpen();
        Replay replay = made == null ? tape.place().capture(name, () -> recording.work(from, to)) : made;
        tape.closes(this);
        // What a note says was saved has been saved only once this is launched.
        replay.launch();
        recording.notes(from, to);
        return replay;
    }

    /**
     * The whole step of that number, as {@link #forward}, {@link #backward} and then the update, whose loss nobody reads:
     * {@link #loss} has it, and a {@link LossRing} keeps it. On a device a repetition is one launch.
     *
     * @param update the optimizer's ({@code optimizer.update()})
     * @throws RuntimeException what the code or a kernel throws; all outside the tape is then as it was
     */
    public void train(long number, Update update) {
        Object kernels = update.prepare();
        if (!repeatable() || tape.place().isHost()) {
            run(number);
            backward();
            update.run(tape.place().isHost() ? update.numbers() : tape.fromHost().input(update.numbers()));
        } else {
            repeating = true;
            tape.kernels().requireOpen();
            repeat(number, update, kernels);
        }
        update.done();
    }

    private void repeat(long number, Update update, Object kernels) {
        if (updated != kernels) {
            all = closed(all);
        }
        tape.restore(all == null ? end : endOfAll, number);
        for (Parameter parameter : written) {
            parameter.gradientWritten();
        }
        try {
            if (all == null) {
                all = collected(update);
                updated = kernels;
                tape.closes(this);
            }
            recording.upload();
            ending.upload();
            tape.fromHost().send(endOfAll.inputs());
            all.launch();
            recording.notes(0, recording.size());
        } catch (RuntimeException | Error e) {
            for (Parameter parameter : written) {
                parameter.clearGradient();
            }
            tape.takeBack();
            throw e;
        }
        tape.settle();
    }

    private Replay collected(Update update) {
        ending = new Recording();
        tape.captures(ending);
        MemorySegment numbers;
        try {
            numbers = tape.fromHost().input(update.numbers());
        } finally {
            tape.captures(null);
        }
        endOfAll = tape.mark();
        return tape.place().capture("a training step", () -> {
            recording.work(0, recording.size());
            update.run(numbers);
        });
    }

    private static Replay closed(Replay replay) {
        if (replay != null) {
            replay.close();
        }
        return null;
    }

    /** Gives a device's graphs up, as closing the tape does; the next step is built anew. Closing twice does nothing. */
    @Override
    public void close() {
        whole = false;
        forward = closed(forward);
        backward = closed(backward);
        all = closed(all);
        updated = null;
        tape.forgets(this);
    }

    private void record(long number) {
        close();
        recording = new Recording();
        tape.reset(number);
        tape.captures(recording);
        try {
            loss = code.get();
            loss.memory();
        } finally {
            tape.captures(null);
        }
        backwardFrom = recording.size();
    }

    private boolean repeatable() {
        if (!whole || !recording.alive() || !tape.recording() || !empty()) {
            return false;
        }
        for (int i = 0; i < owners.size(); i++) {
            if (owners.get(i).parameters.structure() != owners.get(i).structure) {
                return false;
            }
        }
        return true;
    }

    /** Whether all gradients will be written and none added to. */
    private boolean empty() {
        for (Parameter parameter : written) {
            if (!parameter.gradientEmpty()) {
                return false;
            }
        }
        return true;
    }

    /**
     * The gradients of the loss that {@link #forward} computed; as {@link Tape#backward}, once.
     *
     * @throws IllegalStateException if there is no such loss, or other gradients were written since
     */
    public void backward() {
        if (loss == null) {
            throw new IllegalStateException("a captured step has no loss before its forward; call that first");
        }
        loss.memory();
        tape.slab().requireOwner("backward");
        if (repeating) {
            repeatBackward();
        } else {
            recordBackward();
        }
    }

    private void repeatBackward() {
        if (!empty()) {
            throw new IllegalStateException("gradients were written between a captured step's forward and its backward;"
                    + " let the optimizer step, or zeroGradients(), before forward");
        }
        for (Parameter parameter : written) {
            parameter.gradientWritten();
        }
        try {
            backward = repeat("a step's backward", backward, backwardFrom, recording.size());
        } catch (RuntimeException | Error e) {
            for (Parameter parameter : written) {
                parameter.clearGradient();
            }
            throw e;
        }
        tape.settle();
    }

    private void recordBackward() {
        if (whole) {
            throw new IllegalStateException(
                    "a captured step goes backward once after each forward; call forward again");
        }
        tape.captures(recording);
        try {
            tape.backward(loss, false);
        } catch (RuntimeException | Error e) {
            // A second try records the kernels before the failure twice.
            tape.once();
            throw e;
        } finally {
            tape.captures(null);
        }
        written = tape.written();
        owners.clear();
        for (Parameter parameter : written) {
            Parameters owner = parameter.owner();
            if (owners.stream().noneMatch(known -> known.parameters == owner)) {
                owners.add(new Owner(owner, owner.structure()));
            }
        }
        end = tape.mark();
        whole = tape.repeatable();
    }

    /** Whether the latest forward was a repetition. */
    public boolean repeating() {
        return repeating;
    }

    /** The latest loss, on the tape. */
    public Tensor loss() {
        return loss;
    }
}
