package io.gatun.nn;

import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.RecurrentResult;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.autograd.Tensor;

/** Layers of GRU, as torch.nn.GRU: gates r, z, n, two bias vectors; a state is h, [b, h]; see {@link Recurrent}. */
public final class Gru extends OneStateCell {
    /** Without dropout. */
    public Gru(int inputs, int hidden, int layers) {
        this(inputs, hidden, layers, 0);
    }

    /** With dropout of probability {@code dropout} between the layers. */
    public Gru(int inputs, int hidden, int layers, float dropout) {
        this(inputs, hidden, RecurrentOptions.DEFAULT.layers(layers).dropout(dropout));
    }

    /** All there is to choose. */
    public Gru(int inputs, int hidden, RecurrentOptions options) {
        super(3, inputs, hidden, options);
    }

    @Override
    RecurrentResult<Tensor> layer(Tensor src, RecurrentWeights weights, Tensor initial) {
        return Sequences.gru(src, weights, initial);
    }
}
