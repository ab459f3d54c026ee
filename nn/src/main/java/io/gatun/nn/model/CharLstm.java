package io.gatun.nn.model;

import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Tensor;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.CarriedState;
import io.gatun.nn.Embedding;
import io.gatun.nn.Linear;
import io.gatun.nn.Lstm;
import io.gatun.nn.Module;
import java.util.List;

/** A character model: embedding, layers of LSTM, and a linear layer to the next character's logits. */
public final class CharLstm extends Module {
    private final Embedding embedding;
    private final Lstm lstm;
    private final Linear linear;

    /** Logits [t, b, vocabulary] and the last state of each layer. */
    public record Result(Tensor logits, List<LstmState> states) {}

    /**
     * Parameters are named {@code embedding.weight}, {@code lstm.weight_ih_l0}, …, {@code linear.weight}.
     *
     * @param dropout between the LSTM layers, 0 to 1
     */
    public CharLstm(int vocabulary, int width, int hidden, int layers, float dropout) {
        embedding = child("embedding", new Embedding(vocabulary, width));
        lstm = child("lstm", new Lstm(width, hidden, layers, dropout));
        linear = child("linear", new Linear(hidden, vocabulary));
    }

    /** Logits [t, b, vocabulary] for 32-bit characters [t, b], from a state of zeros. */
    @Override
    public Tensor forward(Tensor characters) {
        return forward(characters, null).logits();
    }

    /** As {@link #forward(Tensor)}, from a given state, which may be null for zeros. */
    public Result forward(Tensor characters, List<LstmState> initial) {
        Tensor embedded = embedding.call(characters);
        Lstm.Result<LstmState> result = lstm.call(embedded, initial);
        embedded.release();
        return new Result(through(linear, result.output(), characters), result.states());
    }

    /** {@link #forward(Tensor, List)}, then the hooks. */
    public Result call(Tensor characters, List<LstmState> initial) {
        Result result = forward(characters, initial);
        observe(characters, result.logits());
        return result;
    }

    /** Units of each layer. */
    public int hidden() {
        return lstm.hidden();
    }

    /** One over the other. */
    public int layers() {
        return lstm.layers();
    }

    /** Memory for the state between steps, zeros at first; the caller closes it. */
    public CarriedState<LstmState> carriedState(NativeMemory memory, int batch) {
        return new CarriedState<>(memory, lstm, batch);
    }
}
