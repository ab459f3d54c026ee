package io.gatun.nn.model;

import io.gatun.autograd.Sequences.LstmState;
import io.gatun.nn.Lstm;

/** A character model of LSTM layers, whose state is h and c; see {@link CharRnn}. */
public final class CharLstm extends CharRnn<LstmState> {
    /**
     * Embeddings of {@code width}, layers of {@code hidden} units.
     *
     * @param dropout between the LSTM layers, 0 to 1
     */
    public CharLstm(int vocabulary, int width, int hidden, int layers, float dropout) {
        super(vocabulary, width, "lstm", new Lstm(width, hidden, layers, dropout));
    }
}
