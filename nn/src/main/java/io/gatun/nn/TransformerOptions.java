package io.gatun.nn;

import io.gatun.spec.Activation;

/**
 * What the layers of a Transformer have in common; torch's names are d_model, nhead, dim_feedforward.
 *
 * @param size features of a place
 * @param heads a divisor of {@code size}
 * @param feedForward features between the two linear layers
 * @param dropout of weights, of what each part adds, and between the linear layers; torch's default is 0.1
 * @param activation between the linear layers
 * @param normFirst whether each part reads the normalized sum (as GPT-2 does) and not the sum itself
 */
public record TransformerOptions(
        int size, int heads, int feedForward, float dropout, Activation activation, boolean normFirst) {

    /** Torch's defaults: dropout 0.1, ReLU, norms behind the sums. */
    public static TransformerOptions of(int size, int heads, int feedForward) {
        return new TransformerOptions(size, heads, feedForward, 0.1f, Activation.RELU, false);
    }

    /** With that probability, 0 to 1. */
    public TransformerOptions withDropout(float newDropout) {
        return new TransformerOptions(size, heads, feedForward, newDropout, activation, normFirst);
    }

    /** With that function between the linear layers. */
    public TransformerOptions withActivation(Activation newActivation) {
        return new TransformerOptions(size, heads, feedForward, dropout, newActivation, normFirst);
    }

    /** With the norms before each part, or behind the sums. */
    public TransformerOptions withNormFirst(boolean first) {
        return new TransformerOptions(size, heads, feedForward, dropout, activation, first);
    }
}
