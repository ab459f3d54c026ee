package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.CarriedState;
import io.gatun.nn.Embedding;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Recurrent;
import java.util.List;

/**
 * A character model: embedding, layers of a recurrent cell, and a linear layer to the next character's logits. What came
 * before is in the cell's state alone, so a text of any length is read piece by piece, each from the state that the one
 * before ended with.
 *
 * <p>Parameters are named {@code embedding.weight}, {@code lstm.weight_ih_l0} or {@code gru.weight_ih_l0}, …, {@code
 * linear.weight}.
 *
 * @param <S> the state of one layer
 */
public abstract sealed class CharRnn<S> extends Module permits CharLstm, CharGru {
    private final Embedding embedding;
    private final Recurrent<S> cell;
    private final Linear linear;

    /** Logits [t, b, vocabulary] and the last state of each layer. */
    public record Result<S>(Tensor logits, List<S> states) {}

    CharRnn(int vocabulary, int width, String name, Recurrent<S> layers) {
        embedding = child("embedding", new Embedding(vocabulary, width));
        cell = child(name, layers);
        linear = child("linear", new Linear(layers.hidden(), vocabulary));
    }

    /** Logits [t, b, vocabulary] for 32-bit characters [t, b], from a state of zeros. */
    @Override
    public final Tensor forward(Tensor characters) {
        return forward(characters, null).logits();
    }

    /** As {@link #forward(Tensor)}, from a given state, which may be null for zeros. */
    public final Result<S> forward(Tensor characters, List<S> initial) {
        Tensor embedded = embedding.call(characters);
        Recurrent.Result<S> result = cell.call(embedded, initial);
        embedded.release();
        return new Result<>(through(linear, result.output(), characters), result.states());
    }

    /** {@link #forward(Tensor, List)}, then the hooks. */
    public final Result<S> call(Tensor characters, List<S> initial) {
        Result<S> result = forward(characters, initial);
        observe(characters, result.logits());
        return result;
    }

    /** Units of each layer. */
    public final int hidden() {
        return cell.hidden();
    }

    /** One over the other. */
    public final int layers() {
        return cell.layers();
    }

    /** Memory for the state between steps, zeros at first; the caller closes it. */
    public final CarriedState<S> carriedState(NativeMemory memory, int batch) {
        return new CarriedState<>(memory, cell, batch);
    }
}
