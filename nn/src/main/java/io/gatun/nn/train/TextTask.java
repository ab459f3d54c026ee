package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Places;
import io.gatun.nn.CarriedState;
import io.gatun.nn.data.CharBatches;
import io.gatun.nn.data.CharText;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.model.CharRnn;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/**
 * Predicting the next character: windows of T characters in B lanes, the state carried from window to window without its
 * gradient (truncated back-propagation) and zero at the start of an epoch.
 *
 * @param <S> the state of one layer of the model
 */
public final class TextTask<S> implements Task {
    private final CharRnn<S> model;
    private final CharText text;
    private final CharBatches train;
    private final CharBatches test;
    private final NativeMemory memory;
    private final ParameterScope scope;
    private final MemorySegment inputs;
    private final MemorySegment targets;
    private final CarriedState<S> carried;
    /** Of the latest forward in training; its values are those of the latest step, also where that was a repetition. */
    private List<S> last;

    private int window;
    private boolean prepared;

    /**
     * The model must have its memory.
     *
     * @param steps T, characters of a window
     * @param batch B, lanes
     */
    public TextTask(CharRnn<S> model, CharText text, int steps, int batch, NativeMemory memory) {
        this.model = model;
        this.text = text;
        this.train = new CharBatches(text.train(), steps, batch);
        // A short test text is read in fewer lanes, at worst as one window of one lane.
        int lanes = Math.clamp((text.test().length - 1) / steps, 1, batch);
        this.test = new CharBatches(text.test(), Math.min(steps, text.test().length - 1), lanes);
        this.memory = memory;
        this.scope = memory.onHost().parameters("text");
        try {
            inputs = scope.allocate(4L * steps * batch, "characters");
            targets = scope.allocate(4L * steps * batch, "next characters");
            carried = model.carriedState(memory, batch);
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
        model.train();
    }

    @Override
    public Parameters parameters() {
        return model.parameters();
    }

    /** The net that is trained. */
    public CharRnn<S> model() {
        return model;
    }

    /** The characters that it learns, and the text. */
    public CharText text() {
        return text;
    }

    @Override
    public int stepsPerEpoch() {
        return train.windows();
    }

    @Override
    public void seek(long epoch, int batch) {
        window = batch;
        prepared = false;
    }

    @Override
    public long prepare() {
        if (window == 0) {
            carried.clear();
        }
        train.fill(window, inputs, targets);
        window = (window + 1) % train.windows();
        prepared = true;
        return model.modes() & Integer.MAX_VALUE;
    }

    @Override
    public Tensor forward(Tape tape) {
        if (!prepared) {
            prepare();
        }
        prepared = false;
        CharRnn.Result<S> result = result(tape, train, carried);
        last = result.states();
        return Losses.crossEntropy(result.logits(), targets(tape, train));
    }

    @Override
    public void stepped() {
        prepared = false;
        carried.keep(last);
    }

    private CharRnn.Result<S> result(Tape tape, CharBatches batches, CarriedState<S> state) {
        return model.call(tape.indices(Shape.of(batches.steps(), batches.batch()), inputs), state.on(tape));
    }

    private Tensor targets(Tape tape, CharBatches batches) {
        return tape.indices(Shape.of(batches.steps(), batches.batch()), targets);
    }

    @Override
    public int items() {
        return train.steps() * train.batch();
    }

    @Override
    public String unit() {
        return "tokens";
    }

    @Override
    public Evaluation evaluate(Tape tape, Predictions predictions) {
        double loss = 0;
        model.eval();
        try (CarriedState<S> state = model.carriedState(memory, test.batch());
                var _ = tape.noGrad()) {
            for (int i = 0; i < test.windows(); i++) {
                tape.reset(tape.step());
                test.fill(i, inputs, targets);
                CharRnn.Result<S> result = result(tape, test, state);
                Tensor targets = targets(tape, test);
                loss += Losses.crossEntropy(result.logits(), targets).item();
                predictions.batch(result.logits(), targets);
                state.keep(result.states());
            }
        } finally {
            model.train();
        }
        return new Evaluation(loss / test.windows(), Double.NaN);
    }

    @Override
    public List<NamedTensor> state() {
        return carried.tensors();
    }

    @Override
    public void load(Function<String, NamedTensor> find) {
        for (NamedTensor tensor : carried.tensors()) {
            NamedTensor saved = find.apply(tensor.name());
            if (!saved.toString().equals(tensor.toString())) {
                throw new IllegalArgumentException(saved + " does not fit " + tensor + " of this run");
            }
            Places.copy(saved.data(), tensor.data());
        }
    }

    @Override
    public void close() {
        carried.close();
        scope.close();
    }
}
