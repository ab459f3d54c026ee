package io.gatun.nn.model;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Matrices;
import io.gatun.autograd.Parameter;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Sequences;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.Init;
import io.gatun.nn.Module;
import io.gatun.nn.TransformerEncoder;
import io.gatun.nn.TransformerOptions;
import io.gatun.spec.Activation;

/**
 * A small GPT (Radford et al. 2019): a table of tokens plus a table of places, Transformer layers whose norms come first and
 * in which a place sees itself and those before it, a last norm, and as head the table of tokens once more (tied weights).
 */
public final class Gpt extends Module {
    /** GPT-2's; a tied head makes logits of these, which at first should be near 0. */
    private static final double DEVIATION = 0.02;

    private final Parameter tokens;
    private final Parameter places;
    private final TransformerEncoder layers;

    /**
     * A net of its tables {@code wte} [vocabulary, width] and {@code wpe} [longest, 1, width], and {@code h.layers.0.…}.
     *
     * @param longest tokens that it can read at once
     * @param heads a divisor of {@code width}
     */
    public Gpt(int vocabulary, int longest, int width, int heads, int layers, float dropout) {
        tokens = parameter("wte", Shape.of(vocabulary, width), Init.normal(DEVIATION));
        places = parameter("wpe", Shape.of(longest, 1, width), Init.normal(DEVIATION));
        TransformerOptions options = TransformerOptions.of(width, heads, 4 * width)
                .withActivation(Activation.GELU)
                .withNormFirst(true)
                .withDropout(dropout);
        this.layers = child("h", new TransformerEncoder(options, layers, true));
    }

    /** Tokens that it can read at once. */
    public int longest() {
        return places.shape().dim(0);
    }

    /**
     * Logits [b, t, vocabulary] of the token behind each of 32-bit tokens [b, t].
     *
     * @throws IllegalArgumentException if t is more than {@link #longest}
     */
    @Override
    public Tensor forward(Tensor batch) {
        Shape shape = batch.shape();
        if (shape.rank() != 2 || shape.dim(1) > longest()) {
            throw new IllegalArgumentException(
                    "Gpt: tokens " + shape + " must be [b x t] with t up to " + longest() + "; cut them");
        }
        // Attention works on [t, b, width].
        Tensor embedded = Sequences.embedding(tokens, batch);
        Tensor turned = embedded.transpose(0, 1);
        embedded.release();
        Tensor value = turned.add(Pieces.rows(turned, places, 0, shape.dim(1)));
        turned.release();
        Tensor read = layers.call(value, Attention.causalMask(value));
        value.release();
        Tensor turnedBack = read.transpose(0, 1);
        read.release();
        Tensor logits = Matrices.linear(turnedBack, tokens, null);
        turnedBack.release();
        return logits;
    }
}
