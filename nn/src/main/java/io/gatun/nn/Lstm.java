package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Sequences.RecurrentResult;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.autograd.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Layers of LSTM, as torch.nn.LSTM: gates i, f, g, o, two bias vectors; see {@link Recurrent}. */
public final class Lstm extends Recurrent<LstmState> {
    /** Without dropout. */
    public Lstm(int inputs, int hidden, int layers) {
        this(inputs, hidden, layers, 0);
    }

    /** With dropout of probability {@code dropout} between the layers. */
    public Lstm(int inputs, int hidden, int layers, float dropout) {
        this(inputs, hidden, RecurrentOptions.DEFAULT.layers(layers).dropout(dropout));
    }

    /** All there is to choose. */
    public Lstm(int inputs, int hidden, RecurrentOptions options) {
        super(4, inputs, hidden, options);
    }

    /** The forget gates' rows [h, 2h) begin with {@code forget} where that is asked for. */
    @Override
    Initializer bias(Initializer initial, float forget) {
        if (Float.isNaN(options().forgetBias())) {
            return initial;
        }
        return (values, shape, seed, index) -> {
            initial.fill(values, shape, seed, index);
            int h = shape.dim(0) / 4;
            for (int i = h; i < 2 * h; i++) {
                values.setAtIndex(ValueLayout.JAVA_FLOAT, i, forget);
            }
        };
    }

    @Override
    RecurrentResult<LstmState> layer(Tensor src, RecurrentWeights weights, LstmState initial) {
        return Sequences.lstm(src, weights, initial);
    }

    @Override
    List<Tensor> parts(LstmState state) {
        return List.of(state.h(), state.c());
    }

    @Override
    LstmState state(List<Tensor> parts) {
        return new LstmState(parts.get(0), parts.get(1));
    }

    @Override
    List<String> partNames() {
        return List.of("h", "c");
    }
}
