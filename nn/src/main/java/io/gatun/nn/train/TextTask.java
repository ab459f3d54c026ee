package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.CarriedState;
import io.gatun.nn.data.CharBatches;
import io.gatun.nn.data.CharText;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.model.CharLstm;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Function;

/**
 * Predicting the next character: windows of T characters in B lanes, the LSTM's state carried from window to window
 * without its gradient (truncated back-propagation) and zero at the start of an epoch.
 */
public final class TextTask implements Task {
    private final CharLstm model;
    private final CharText text;
    private final CharBatches train;
    private final CharBatches test;
    private final NativeMemory memory;
    private final ParameterScope scope;
    private final MemorySegment inputs;
    private final MemorySegment targets;
    private final CarriedState carried;
    private List<LstmState> last;
    private int window;

    /**
     * The model must have its memory.
     *
     * @param steps T, characters of a window
     * @param batch B, lanes
     */
    public TextTask(CharLstm model, CharText text, int steps, int batch, NativeMemory memory) {
        this.model = model;
        this.text = text;
        this.train = new CharBatches(text.train(), steps, batch);
        // A short test text is read in fewer lanes, at worst as one window of one lane.
        int lanes = Math.clamp((text.test().length - 1) / steps, 1, batch);
        this.test = new CharBatches(text.test(), Math.min(steps, text.test().length - 1), lanes);
        this.memory = memory;
        this.scope = memory.parameters("text");
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

    public CharLstm model() {
        return model;
    }

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
    }

    @Override
    public Tensor forward(Tape tape) {
        if (window == 0) {
            carried.clear();
        }
        Tensor loss = loss(tape, train, window, carried);
        window = (window + 1) % train.windows();
        return loss;
    }

    @Override
    public void stepped() {
        carried.keep(last);
    }

    private Tensor loss(Tape tape, CharBatches batches, int index, CarriedState state) {
        batches.fill(index, inputs, targets);
        Shape shape = Shape.of(batches.steps(), batches.batch());
        CharLstm.Result result = model.forward(tape.indices(shape, inputs), state.on(tape));
        last = result.states();
        return Losses.crossEntropy(result.logits(), tape.indices(shape, targets));
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
    public Evaluation evaluate(Tape tape) {
        double loss = 0;
        model.eval();
        try (CarriedState state = model.carriedState(memory, test.batch());
                var _ = tape.noGrad()) {
            for (int i = 0; i < test.windows(); i++) {
                tape.reset(tape.step());
                loss += loss(tape, test, i, state).item();
                state.keep(last);
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
            tensor.data().copyFrom(saved.data());
        }
    }

    @Override
    public void close() {
        carried.close();
        scope.close();
    }
}
