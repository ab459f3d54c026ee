package io.gatun.nn;

import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Sequences.LstmWeights;
import io.gatun.autograd.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers of LSTM over [t, b, inputs], as torch.nn.LSTM: gates i, f, g, o, two bias vectors, dropout between the layers.
 * Parameters are named {@code weight_ih_l0}, {@code weight_hh_l0}, {@code bias_ih_l0}, {@code bias_hh_l0}, …
 */
public final class Lstm extends Recurrent<LstmWeights, LstmState> {
    /** All hidden states of the last layer [t, b, h], and the last state of each layer. */
    public record Result(Tensor output, List<LstmState> states) {}

    /** Without dropout. */
    public Lstm(int inputs, int hidden, int layers) {
        this(inputs, hidden, layers, 0);
    }

    /** With dropout of probability {@code dropout} between the layers. */
    public Lstm(int inputs, int hidden, int layers, float dropout) {
        super(4, inputs, hidden, layers, dropout, LstmWeights::new);
    }

    /** All hidden states of the last layer, beginning with a state of zeros. */
    @Override
    public Tensor forward(Tensor src) {
        return forward(src, null).output();
    }

    /**
     * As {@link #forward(Tensor)}, from a given state.
     *
     * @param initial one state a layer, [b, h], or null for zeros; detached states cut backward through time
     */
    public Result forward(Tensor src, List<LstmState> initial) {
        List<LstmState> states = new ArrayList<>(layers());
        Tensor output = run(src, initial, (input, weights, state) -> {
            var result = Sequences.lstm(input, weights, state);
            states.add(result.last());
            return result.output();
        });
        return new Result(output, states);
    }

    /** {@link #forward(Tensor, List)}, then the hooks. */
    public Result call(Tensor src, List<LstmState> initial) {
        Result result = forward(src, initial);
        observe(src, result.output());
        return result;
    }
}
