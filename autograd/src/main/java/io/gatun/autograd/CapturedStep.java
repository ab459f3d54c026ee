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
 * <p>On a device a repetition is one graph forward and one backward, or, with {@link #train(long, Update, LossRing)}, one for
 * the whole step with the optimizer's update and the note of its loss: one copy of what is new, one launch, and nobody waits.
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
    private Whole all;

    /**
     * A repetition with its update.
     *
     * @param kernels what it ends with, as {@link Update#prepare} said
     * @param losses where it notes the loss; null for nowhere
     * @param uploads what it has from the host besides what the {@link #recording} has
     */
    private record Whole(Replay replay, Object kernels, LossRing losses, Recording uploads, Tape.Mark end) {}

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

    /** As {@link #train(long, Update, LossRing)}, whose loss {@link #loss} alone has. */
    public void train(long number, Update update) {
        train(number, update, null);
    }

    /**
     * The whole step of that number, as {@link #forward}, {@link #backward} and then the update, whose loss nobody reads: it
     * is noted in a ring. On a device a repetition is one copy of what is new from the host and one launch; inputs of more
     * than 16 KiB on the host are a copy each.
     *
     * @param update the optimizer's ({@code optimizer.update()})
     * @param losses where the loss is kept, the same each time: for another one the launch is built anew
     * @throws IllegalStateException if the ring was closed
     * @throws IllegalArgumentException if the ring lies elsewhere than the tape
     * @throws RuntimeException what the code or a kernel throws; all outside the tape is then as it was, and no loss is noted
     */
    public void train(long number, Update update, LossRing losses) {
        if (losses != null) {
            losses.require(tape.place());
        }
        Object kernels = update.prepare();
        if (!repeatable() || tape.place().isHost()) {
            build(number, update, losses);
        } else {
            repeating = true;
            tape.kernels().requireOpen();
            repeat(number, update, kernels, losses);
        }
        update.done();
        if (losses != null) {
            losses.count();
        }
    }

    private void build(long number, Update update, LossRing losses) {
        run(number);
        if (losses != null) {
            keep(losses);
        }
        backward();
        update.run(tape.place().isHost() ? update.numbers() : tape.fromHost().input(update.numbers()));
    }

    private void keep(LossRing losses) {
        try {
            losses.put(loss);
        } catch (RuntimeException e) {
            tape.takeBack();
            throw e;
        }
    }

    private void repeat(long number, Update update, Object kernels, LossRing losses) {
        if (all != null && (all.kernels != kernels || all.losses != losses)) {
            closeAll();
        }
        tape.restore(all == null ? end : all.end, number);
        for (Parameter parameter : written) {
            parameter.gradientWritten();
        }
        try {
            if (all == null) {
                all = collected(update, kernels, losses);
                tape.closes(this);
            }
            recording.upload();
            all.uploads.upload();
            tape.fromHost().send(all.end.inputs());
            all.replay.launch();
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

    private Whole collected(Update update, Object kernels, LossRing losses) {
        Recording uploads = new Recording();
        MemorySegment numbers;
        MemorySegment noted;
        tape.captures(uploads);
        try {
            numbers = tape.fromHost().input(update.numbers());
            noted = losses == null ? null : tape.fromHost().input(losses.number());
        } finally {
            tape.captures(null);
        }
        Replay replay = tape.place().capture("a training step", () -> {
            recording.work(0, recording.size());
            update.run(numbers);
            if (losses != null) {
                losses.put(loss, noted);
            }
        });
        return new Whole(replay, kernels, losses, uploads, tape.mark());
    }

    private void closeAll() {
        if (all != null) {
            all.replay.close();
        }
        all = null;
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
        closeAll();
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
