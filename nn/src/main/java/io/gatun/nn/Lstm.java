package io.gatun.nn;

import io.gatun.autograd.Initializer;
import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.LstmState;
import io.gatun.autograd.Sequences.LstmWeights;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Layers of LSTM over [t, b, inputs], as torch.nn.LSTM: gates i, f, g, o, two bias vectors, dropout between the layers.
 * Parameters are named {@code weight_ih_l0}, {@code weight_hh_l0}, {@code bias_ih_l0}, {@code bias_hh_l0}, …
 */
public final class Lstm extends Module {
    /** All hidden states of the last layer [t, b, h], and the last state of each layer. */
    public record Result(Tensor output, List<LstmState> states) {}

    private final List<LstmWeights> layers = new ArrayList<>();
    private final int hidden;
    private final Dropout dropout;

    /** Without dropout. */
    public Lstm(int inputs, int hidden, int layers) {
        this(inputs, hidden, layers, 0);
    }

    /** With dropout of probability {@code dropout} between the layers. */
    public Lstm(int inputs, int hidden, int layers, float dropout) {
        this.hidden = hidden;
        Initializer initializer = Init.uniform(1 / Math.sqrt(hidden));
        for (int i = 0; i < layers; i++) {
            int in = i == 0 ? inputs : hidden;
            this.layers.add(new LstmWeights(
                    parameter("weight_ih_l" + i, Shape.of(4 * hidden, in), initializer),
                    parameter("weight_hh_l" + i, Shape.of(4 * hidden, hidden), initializer),
                    parameter("bias_ih_l" + i, Shape.of(4 * hidden), initializer),
                    parameter("bias_hh_l" + i, Shape.of(4 * hidden), initializer)));
        }
        this.dropout = child("dropout", new Dropout(dropout));
    }

    public int hidden() {
        return hidden;
    }

    public int layers() {
        return layers.size();
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
        if (initial != null && initial.size() != layers.size()) {
            throw new IllegalArgumentException(
                    "Lstm: " + initial.size() + " initial states for " + layers.size() + " layers; give one a layer");
        }
        List<LstmState> states = new ArrayList<>(layers.size());
        Tensor value = src;
        for (int i = 0; i < layers.size(); i++) {
            Tensor input = i == 0 ? value : through(dropout, value, src);
            var result = Sequences.lstm(input, layers.get(i), initial == null ? null : initial.get(i));
            if (input != src) {
                input.release();
            }
            states.add(result.last());
            value = result.output();
        }
        return new Result(value, states);
    }
}
