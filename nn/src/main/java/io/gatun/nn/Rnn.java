package io.gatun.nn;

import io.gatun.autograd.Sequences;
import io.gatun.autograd.Sequences.RecurrentResult;
import io.gatun.autograd.Sequences.RecurrentWeights;
import io.gatun.autograd.Tensor;
import io.gatun.spec.Activation;

/**
 * Layers of plain recurrent cells, as torch.nn.RNN: h_t = act(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh); a state is h, [b, h];
 * see {@link Recurrent}.
 */
public final class Rnn extends OneStateCell {
    private final Activation activation;

    /** Of tanh. */
    public Rnn(int inputs, int hidden, int layers) {
        this(inputs, hidden, Activation.TANH, RecurrentOptions.DEFAULT.layers(layers));
    }

    /**
     * PyTorch's {@code nonlinearity}.
     *
     * @param activation {@link Activation#TANH} or {@link Activation#RELU}
     * @throws IllegalArgumentException if it is another one
     */
    public Rnn(int inputs, int hidden, Activation activation, RecurrentOptions options) {
        super(1, inputs, hidden, options);
        if (!activation.equals(Activation.TANH) && !activation.equals(Activation.RELU)) {
            throw new IllegalArgumentException("Rnn: " + activation + " is not known; give tanh or relu");
        }
        this.activation = activation;
    }

    @Override
    RecurrentResult<Tensor> layer(Tensor src, RecurrentWeights weights, Tensor initial) {
        return Sequences.rnn(src, weights, activation, initial);
    }
}
