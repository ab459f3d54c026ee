package io.gatun.nn;

import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of an {@link Lstm} between the steps of a tape, for truncated backward through time and for sampling. Copies,
 * so no gradient flows from one step to the one before. Not thread-safe.
 */
public final class CarriedState implements AutoCloseable {
    private final ParameterScope scope;
    private final Shape shape;
    private final MemorySegment[] hidden;
    private final MemorySegment[] cell;

    /** Zeros, for sequences in batches of {@code batch}. */
    public CarriedState(NativeMemory memory, Lstm lstm, int batch) {
        shape = Shape.of(batch, lstm.hidden());
        hidden = new MemorySegment[lstm.layers()];
        cell = new MemorySegment[lstm.layers()];
        scope = memory.parameters("LSTM state");
        try {
            for (int i = 0; i < hidden.length; i++) {
                hidden[i] = scope.allocate(4 * shape.elements(), "h");
                cell[i] = scope.allocate(4 * shape.elements(), "c");
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
        clear();
    }

    /** The states as inputs of this step; they must not be kept anew before its backward. */
    public List<LstmState> on(Tape tape) {
        List<LstmState> states = new ArrayList<>(hidden.length);
        for (int i = 0; i < hidden.length; i++) {
            states.add(new LstmState(tape.input(shape, hidden[i]), tape.input(shape, cell[i])));
        }
        return states;
    }

    /** Copies the states that a step ended with; call it after backward. */
    public void keep(List<LstmState> states) {
        for (int i = 0; i < hidden.length; i++) {
            copy(states.get(i).h(), hidden[i]);
            copy(states.get(i).c(), cell[i]);
        }
    }

    /** The states as tensors {@code carried.h0}, {@code carried.c0}, … of a checkpoint: views, to be read or written. */
    public List<NamedTensor> tensors() {
        List<NamedTensor> tensors = new ArrayList<>(2 * hidden.length);
        long[] dims = {shape.dim(0), shape.dim(1)};
        for (int i = 0; i < hidden.length; i++) {
            tensors.add(new NamedTensor("carried.h" + i, TensorType.F32, dims, hidden[i]));
            tensors.add(new NamedTensor("carried.c" + i, TensorType.F32, dims, cell[i]));
        }
        return tensors;
    }

    private void copy(Tensor from, MemorySegment to) {
        if (!from.shape().equals(shape)) {
            throw new IllegalArgumentException("CarriedState: " + from + " does not have the shape " + shape
                    + " that this was made for; use one batch size throughout");
        }
        MemorySegment.copy(from.data(), 0, to, 0, 4 * shape.elements());
    }

    /** Back to zeros, at the beginning of a text. */
    public void clear() {
        for (int i = 0; i < hidden.length; i++) {
            hidden[i].fill((byte) 0);
            cell[i].fill((byte) 0);
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
