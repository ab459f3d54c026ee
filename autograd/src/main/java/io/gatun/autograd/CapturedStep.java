package io.gatun.autograd;

import io.gatun.kernel.Recording;
import io.gatun.memory.StepSlab;
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
 * {@link Tape#empty}. For the tape's thread.
 */
public final class CapturedStep {
    private final Tape tape;
    private final Supplier<Tensor> code;

    /** What each parameter's owner said of its parameters when this was recorded. */
    private record Owner(Parameters parameters, int structure) {}

    private final List<Owner> owners = new ArrayList<>();
    private Recording recording;
    private boolean whole;
    private int backwardFrom;
    private StepSlab.Mark end;
    private Parameter[] written = {};
    private Tensor loss;
    private boolean repeating;

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
        repeating = repeatable();
        if (repeating) {
            tape.restore(end, number);
            try {
                recording.repeat(0, backwardFrom);
            } catch (RuntimeException | Error e) {
                tape.takeBack();
                throw e;
            }
        } else {
            record(number);
        }
        return loss.item();
    }

    private void record(long number) {
        whole = false;
        recording = new Recording();
        tape.reset(number);
        tape.captures(recording);
        try {
            loss = code.get();
            loss.data();
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
        loss.data();
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
            recording.repeat(backwardFrom, recording.size());
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
        end = tape.slab().mark();
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
