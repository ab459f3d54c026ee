package io.gatun.nn.model;

import io.gatun.autograd.Attention;
import io.gatun.autograd.Pieces;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.AdditiveAttention;
import io.gatun.nn.DecoderStep;
import io.gatun.nn.Embedding;
import io.gatun.nn.Gru;
import io.gatun.nn.Linear;
import io.gatun.nn.Module;
import io.gatun.nn.Recurrent;
import io.gatun.nn.RecurrentOptions;
import io.gatun.nn.SequenceAttention;
import io.gatun.nn.SequenceAttention.Keys;
import io.gatun.nn.StateBridge;
import io.gatun.nn.data.text.PaddedBatch;
import java.util.List;

/**
 * From one sequence to another: an encoder reads the source both ways, a decoder writes the target token by token, and at
 * each step attention lets it look at those places of the source that matter now (Bahdanau, Cho and Bengio 2015).
 *
 * <pre>
 * e_1 … e_T   = bidirectional GRU of the source's embeddings         [t, b, 2h]
 * s_0         = linear map of the encoder's last states              [b, h]
 * s_i         = GRU(embedding of token i - 1, s_(i-1))               [b, h]
 * α_ij        = softmax over j of v · tanh(W s_i + U e_j)
 * logits_i    = linear map of s_i beside its context Σ_j α_ij e_j    [b, vocabulary]
 * </pre>
 *
 * The new state asks, as in Luong et al. 2015, not the one before it. So no context goes into the GRU, and where the tokens are
 * known beforehand, as in training, all steps of the decoder are one call.
 */
public final class Seq2Seq extends Module {
    /** What a target begins with: the first token of its vocabulary. */
    public static final int BEGIN = 0;

    /** What a target ends with. */
    public static final int END = 1;

    private final Embedding sourceEmbedding;
    private final Embedding targetEmbedding;
    private final Gru encoder;
    private final StateBridge<Tensor> bridge;
    private final Gru decoder;
    private final SequenceAttention attention;
    private final Linear head;

    /**
     * Between two vocabularies, of which the target's has {@link #BEGIN} and {@link #END}.
     *
     * @param width of the embeddings
     * @param hidden units of the encoder in each direction, of the decoder, and of the sum inside attention's tanh
     */
    public Seq2Seq(int sources, int targets, int width, int hidden) {
        sourceEmbedding = child("source_embedding", new Embedding(sources, width));
        targetEmbedding = child("target_embedding", new Embedding(targets, width));
        encoder = child("encoder", new Gru(width, hidden, RecurrentOptions.DEFAULT.bidirectional(true)));
        decoder = child("decoder", new Gru(width, hidden, 1));
        bridge = child("bridge", new StateBridge<>(encoder, decoder));
        attention = child("attention", new AdditiveAttention(hidden, 2 * hidden, hidden));
        head = child("head", new Linear(3 * hidden, targets));
    }

    /**
     * Reads sources, each of at least one token.
     *
     * @return what the decoder begins with, for {@link #decode}: its first state, the keys, the values and the mask
     */
    public List<Tensor> encode(Tape tape, PaddedBatch sources) {
        Tensor tokens = tape.integers(Shape.of(sources.steps(), sources.batch()), sources.tokens());
        Tensor embedded = sourceEmbedding.call(tokens);
        // With lengths: neither direction reads the padding.
        Recurrent.Result<Tensor> read = encoder.call(embedded, sources.lengths(), null);
        // Nothing is taken from the padding.
        Tensor lengths = tape.integers(Shape.of(sources.batch()), sources.lengths());
        Keys keys = attention.keys(read.output(), Attention.paddingMask(lengths, sources.steps()));
        return List.of(bridge.join(read.states()).getFirst(), keys.projected(), keys.values(), keys.mask());
    }

    /**
     * What some steps of the decoder give.
     *
     * @param logits [t, b, vocabulary], of the token that follows each
     * @param state for the next step
     * @param weights [b, t, source steps], where each step looked
     */
    public record Decoded(Tensor logits, List<Tensor> state, Tensor weights) {}

    /**
     * Goes on from {@code state} by the 32-bit tokens [t, b], whatever the decoder itself would have written: with the right
     * ones that is teacher forcing.
     */
    public Decoded decode(Tensor tokens, List<Tensor> state) {
        Tensor embedded = targetEmbedding.call(tokens);
        Recurrent.Result<Tensor> wrote = decoder.call(embedded, List.of(state.getFirst()));
        Keys keys = new Keys(state.get(1), state.get(2), state.get(3));
        SequenceAttention.Result seen = attention.attend(wrote.output(), keys);
        Tensor both = Pieces.concat(-1, wrote.output(), seen.context());
        Tensor logits = head.call(both);
        List.of(embedded, wrote.output(), seen.context(), both).forEach(Tensor::release);
        return new Decoded(
                logits,
                List.of(wrote.states().getFirst(), keys.projected(), keys.values(), keys.mask()),
                seen.weights());
    }

    /** One step of all rows: what {@link io.gatun.nn.GreedyDecoder} and {@link io.gatun.nn.BeamDecoder} ask. */
    public DecoderStep.Next next(Tensor tokens, List<Tensor> state) {
        int rows = tokens.shape().dim(0);
        Decoded step = decode(tokens.reshape(1, rows), state);
        step.weights().release();
        return new DecoderStep.Next(step.logits().reshape(rows, -1), step.state());
    }

    /** Not possible: there are two sequences; {@link #encode} the one, then {@link #decode} the other. */
    @Override
    public Tensor forward(Tensor src) {
        throw new UnsupportedOperationException("Seq2Seq: encode the source, then decode the target");
    }
}
