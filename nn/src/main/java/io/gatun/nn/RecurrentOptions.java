package io.gatun.nn;

import io.gatun.autograd.Initializer;

/**
 * What {@link Rnn}, {@link Lstm} and {@link Gru} may be told beside their sizes; each method gives a copy with one of them
 * changed: {@code RecurrentOptions.DEFAULT.layers(2).bidirectional(true)}.
 *
 * @param layers one over the other, 1 or more
 * @param bias whether there are bias vectors
 * @param dropout of the outputs of each layer but the last, in training, 0 to 1
 * @param bidirectional whether each layer has a second half that reads from the last step to the first; the outputs are
 *     forward and reverse beside each other, so the next layer has 2h inputs
 * @param recurrentInit first values of the weights [gates·h, h] from state to state, null for PyTorch's: uniform in
 *     ±1/sqrt(h)
 * @param forgetBias first value of what an LSTM's forget gates add, NaN for PyTorch's
 */
public record RecurrentOptions(
        int layers, boolean bias, float dropout, boolean bidirectional, Initializer recurrentInit, float forgetBias) {
    /** One layer with biases, in one direction, without dropout: torch.nn's defaults. */
    public static final RecurrentOptions DEFAULT = new RecurrentOptions(1, true, 0, false, null, Float.NaN);

    public RecurrentOptions {
        if (layers < 1) {
            throw new IllegalArgumentException("recurrent: " + layers + " layers; give at least one");
        }
        Dropout.probability("recurrent", dropout);
    }

    /** One over the other, at least 1. */
    public RecurrentOptions layers(int count) {
        return new RecurrentOptions(count, bias, dropout, bidirectional, recurrentInit, forgetBias);
    }

    /** Whether there are bias vectors. */
    public RecurrentOptions bias(boolean wanted) {
        return new RecurrentOptions(layers, wanted, dropout, bidirectional, recurrentInit, forgetBias);
    }

    /** Of the outputs of each layer but the last, in training; 0 to 1. */
    public RecurrentOptions dropout(float probability) {
        return new RecurrentOptions(layers, bias, probability, bidirectional, recurrentInit, forgetBias);
    }

    /** Whether each layer also reads from the last step to the first; outputs are then twice as wide. */
    public RecurrentOptions bidirectional(boolean wanted) {
        return new RecurrentOptions(layers, bias, dropout, wanted, recurrentInit, forgetBias);
    }

    /** First values of the weights from state to state, orthogonal ones for instance. */
    public RecurrentOptions recurrentInit(Initializer initializer) {
        return new RecurrentOptions(layers, bias, dropout, bidirectional, initializer, forgetBias);
    }

    /**
     * Of an LSTM: bias_ih of the forget gates begins with {@code value} and bias_hh with 0, so that at first a gate keeps its
     * cell (Jozefowicz et al. 2015 take 1). All other biases begin as they would.
     */
    public RecurrentOptions forgetBias(float value) {
        return new RecurrentOptions(layers, bias, dropout, bidirectional, recurrentInit, value);
    }

    int directions() {
        return bidirectional ? 2 : 1;
    }
}
