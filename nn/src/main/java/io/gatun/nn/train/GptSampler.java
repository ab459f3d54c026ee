package io.gatun.nn.train;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import io.gatun.nn.data.Vocabulary;
import io.gatun.nn.model.Gpt;
import io.gatun.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Lets a {@link Gpt} write lines, all at once: each character is drawn from softmax(logits / temperature). The net reads
 * its whole window each time; what is not yet written lies behind the place in question, where the net cannot see it.
 */
public final class GptSampler {
    private final Gpt model;
    private final Vocabulary vocabulary;
    private final float temperature;

    /**
     * A sampler of a model that has its memory.
     *
     * @param temperature above 0; below 1 prefers the likely
     */
    public GptSampler(Gpt model, Vocabulary vocabulary, float temperature) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("temperature " + temperature + " is not positive");
        }
        this.model = model;
        this.vocabulary = vocabulary;
        this.temperature = temperature;
    }

    /**
     * Lines without their end, each shorter than the model's window.
     *
     * @param seed the same seed and weights give the same lines
     */
    public List<String> lines(Tape tape, int count, long seed) {
        int window = model.longest();
        int[] tokens = new int[count * window];
        Arrays.fill(tokens, Vocabulary.END);
        int[] length = new int[count];
        Arrays.fill(length, window - 1);
        int[] random = new int[4];
        model.eval();
        try (var _ = tape.noGrad()) {
            for (int place = 0;
                    place + 1 < window && place <= Arrays.stream(length).max().orElse(0);
                    place++) {
                tape.reset(tape.step());
                Tensor logits = model.call(tape.integers(Shape.of(count, window), tokens));
                float[] next = logits.select(1, place).toArray();
                int vocabularySize = next.length / count;
                for (int line = 0; line < count; line++) {
                    Philox.block(seed, line, 0, place, random);
                    float[] row = Arrays.copyOfRange(next, line * vocabularySize, (line + 1) * vocabularySize);
                    int token = CharSampler.draw(row, temperature, Philox.uniform(random[0]));
                    tokens[line * window + place + 1] = token;
                    if (token == Vocabulary.END) {
                        length[line] = Math.min(length[line], place);
                    }
                }
            }
        } finally {
            model.train();
        }
        List<String> lines = new ArrayList<>(count);
        for (int line = 0; line < count; line++) {
            int from = line * window + 1;
            lines.add(vocabulary.decode(Arrays.copyOfRange(tokens, from, from + length[line])));
        }
        return lines;
    }
}
