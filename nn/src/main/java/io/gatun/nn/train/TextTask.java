package io.gatun.nn.train;

import io.gatun.autograd.Losses;
import io.gatun.autograd.Parameters;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.data.CharBatches;
import io.gatun.nn.data.CharText;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import io.gatun.nn.model.CharLstm;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
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
            carried = new CarriedState(scope, model.layers(), batch, model.hidden());
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
        model.train();
    }

    /** The last state of each layer, kept over the end of a step. */
    private static final class CarriedState {
        private final Shape shape;
        private final List<MemorySegment> h = new ArrayList<>();
        private final List<MemorySegment> c = new ArrayList<>();

        CarriedState(ParameterScope scope, int layers, int batch, int hidden) {
            shape = Shape.of(batch, hidden);
            for (int i = 0; i < layers; i++) {
                h.add(scope.allocate(4 * shape.elements(), "carried h"));
                c.add(scope.allocate(4 * shape.elements(), "carried c"));
            }
            clear();
        }

        void clear() {
            h.forEach(state -> state.fill((byte) 0));
            c.forEach(state -> state.fill((byte) 0));
        }

        /** Copies on the tape, because backward reads them after {@link #keep} has overwritten these. */
        List<LstmState> on(Tape tape) {
            List<LstmState> states = new ArrayList<>();
            for (int i = 0; i < h.size(); i++) {
                Tensor first = tape.empty(shape, "h0");
                Tensor second = tape.empty(shape, "c0");
                first.data().copyFrom(h.get(i));
                second.data().copyFrom(c.get(i));
                states.add(new LstmState(first, second));
            }
            return states;
        }

        void keep(List<LstmState> states) {
            for (int i = 0; i < h.size(); i++) {
                h.get(i).copyFrom(states.get(i).h().data());
                c.get(i).copyFrom(states.get(i).c().data());
            }
        }

        List<NamedTensor> tensors() {
            List<NamedTensor> tensors = new ArrayList<>();
            long[] dims = {shape.dim(0), shape.dim(1)};
            for (int i = 0; i < h.size(); i++) {
                tensors.add(new NamedTensor("carried.h" + i, TensorType.F32, dims, h.get(i)));
                tensors.add(new NamedTensor("carried.c" + i, TensorType.F32, dims, c.get(i)));
            }
            return tensors;
        }
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

    private Tensor loss(Tape tape, CharBatches batches, int index, CarriedState state) {
        batches.fill(index, inputs, targets);
        Shape shape = Shape.of(batches.steps(), batches.batch());
        CharLstm.Result result = model.forward(tape.indices(shape, inputs), state.on(tape));
        state.keep(result.states());
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
        try (ParameterScope kept = memory.parameters("test state");
                var quiet = tape.noGrad()) {
            CarriedState state = new CarriedState(kept, model.layers(), test.batch(), model.hidden());
            for (int i = 0; i < test.windows(); i++) {
                tape.reset(tape.step());
                loss += loss(tape, test, i, state).item();
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
        scope.close();
    }
}
