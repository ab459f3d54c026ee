package io.gatun.nn;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.DType;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Place;
import io.gatun.memory.Places;
import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The states of recurrent layers between the steps of a tape, for truncated backward through time and for sampling. Copies,
 * so no gradient flows from one step to the one before. Not thread-safe.
 *
 * @param <S> the state of one layer: {@link io.gatun.autograd.Sequences.LstmState}, or a tensor of a {@link Gru} or
 *     {@link Rnn}
 */
public final class CarriedState<S> implements AutoCloseable {
    private final Recurrent<S> layers;
    private final ParameterScope scope;
    private final Shape shape;

    /** Of each layer and direction, the parts of its state. */
    private final MemorySegment[][] parts;

    /** Zeros, for sequences in batches of {@code batch}. */
    public CarriedState(NativeMemory memory, Recurrent<S> layers, int batch) {
        this.layers = layers;
        List<String> names = layers.partNames();
        shape = Shape.of(batch, layers.hidden());
        parts = new MemorySegment[layers.layers() * layers.directions()][names.size()];
        scope = memory.parameters("recurrent state");
        try {
            for (MemorySegment[] state : parts) {
                for (int p = 0; p < state.length; p++) {
                    state[p] = scope.allocate(4 * shape.elements(), names.get(p));
                }
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
        clear();
    }

    /** The states as inputs of this step; they must not be kept anew before its backward. */
    public List<S> on(Tape tape) {
        List<S> states = new ArrayList<>(parts.length);
        for (MemorySegment[] state : parts) {
            List<Tensor> tensors = new ArrayList<>(state.length);
            for (MemorySegment part : state) {
                tensors.add(tape.input(shape, part));
            }
            states.add(layers.state(tensors));
        }
        return states;
    }

    /** Copies the states that a step ended with; call it after backward. */
    public void keep(List<S> states) {
        for (int i = 0; i < parts.length; i++) {
            List<Tensor> from = layers.parts(states.get(i));
            for (int p = 0; p < parts[i].length; p++) {
                copy(from.get(p), parts[i][p]);
            }
        }
    }

    /** The states as tensors {@code carried.h0}, {@code carried.c0}, … of a checkpoint: views, to be read or written. */
    public List<NamedTensor> tensors() {
        List<NamedTensor> tensors = new ArrayList<>();
        long[] dims = {shape.dim(0), shape.dim(1)};
        for (int i = 0; i < parts.length; i++) {
            for (int p = 0; p < parts[i].length; p++) {
                String name = "carried." + layers.partNames().get(p) + i;
                tensors.add(new NamedTensor(name, TensorType.F32, dims, parts[i][p]));
            }
        }
        return tensors;
    }

    private void copy(Tensor from, MemorySegment to) {
        if (!from.shape().equals(shape)) {
            throw new IllegalArgumentException("CarriedState: " + from + " does not have the shape " + shape
                    + " that this was made for; use one batch size throughout");
        }
        Places.copy(from.to(DType.F32).memory().asSlice(0, 4 * shape.elements()), to);
    }

    /** Back to zeros, at the beginning of a text. */
    public void clear() {
        for (MemorySegment[] state : parts) {
            for (MemorySegment part : state) {
                Place.of(part).fill(part, (byte) 0);
            }
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
