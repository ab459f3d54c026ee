package io.gatun.nn.train;

import io.gatun.autograd.Tape;
import io.gatun.kernel.Shape;
import io.gatun.memory.NativeMemory;
import io.gatun.nn.CarriedState;
import io.gatun.nn.data.Vocabulary;
import io.gatun.nn.model.CharRnn;
import io.gatun.random.Philox;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets a character model write lines: each character is drawn from softmax(logits / temperature).
 *
 * @param <S> the state of one layer of the model
 */
public final class CharSampler<S> {
    private final CharRnn<S> model;
    private final Vocabulary vocabulary;
    private final float temperature;

    /**
     * A sampler of a model that has its memory.
     *
     * @param temperature above 0; below 1 prefers the likely
     */
    public CharSampler(CharRnn<S> model, Vocabulary vocabulary, float temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature " + temperature + " is not positive");
        }
        this.model = model;
        this.vocabulary = vocabulary;
        this.temperature = temperature;
    }

    /**
     * Lines without their end, each from a fresh state.
     *
     * @param length a line is cut after so many characters
     * @param seed the same seed and weights give the same lines; changes no state of the model
     */
    public List<String> lines(Tape tape, NativeMemory memory, int count, int length, long seed) {
        List<String> lines = new ArrayList<>(count);
        model.eval();
        try (CarriedState<S> state = model.carriedState(memory, 1);
                var _ = tape.noGrad()) {
            for (int line = 0; line < count; line++) {
                state.clear();
                lines.add(line(tape, state, length, seed, line));
            }
        } finally {
            model.train();
        }
        return lines;
    }

    private String line(Tape tape, CarriedState<S> state, int length, long seed, int line) {
        StringBuilder text = new StringBuilder();
        int[] random = new int[4];
        int token = Vocabulary.END;
        for (int i = 0; i < length; i++) {
            tape.reset(tape.step());
            CharRnn.Result<S> result = model.forward(tape.integers(Shape.of(1, 1), token), state.on(tape));
            state.keep(result.states());
            Philox.block(seed, line, 0, i, random);
            token = draw(result.logits().toArray(), temperature, Philox.uniform(random[0]));
            if (token == Vocabulary.END) {
                break;
            }
            text.append(vocabulary.decode(token));
        }
        return text.toString();
    }

    /** The token at which the running sum of probabilities passes {@code uniform}. */
    static int draw(float[] logits, float temperature, float uniform) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        double[] weights = new double[logits.length];
        for (int i = 0; i < logits.length; i++) {
            weights[i] = Math.exp((logits[i] - max) / temperature);
            sum += weights[i];
        }
        double left = uniform * sum;
        for (int i = 0; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) {
                return i;
            }
        }
        return weights.length - 1;
    }
}
