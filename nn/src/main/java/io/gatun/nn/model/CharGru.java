package io.gatun.nn.model;

import io.gatun.autograd.Tensor;
import io.gatun.nn.Gru;

/** A character model of GRU layers: three quarters of an LSTM's weights, and a state of h alone; see {@link CharRnn}. */
public final class CharGru extends CharRnn<Tensor> {
    /**
     * Embeddings of {@code width}, layers of {@code hidden} units.
     *
     * @param dropout between the GRU layers, 0 to 1
     */
    public CharGru(int vocabulary, int width, int hidden, int layers, float dropout) {
        super(vocabulary, width, "gru", new Gru(width, hidden, layers, dropout));
    }
}
