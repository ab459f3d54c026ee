package io.gatun.nn;

import io.gatun.autograd.Lookups;
import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Beam search: at each step the {@code beams} most probable beginnings of each sequence go on. A sequence that has ended, with
 * its end token or at the greatest length, is worth its log-probability divided by length^penalty, the end token counted; the
 * search stops when no beginning can become worth more than the {@code beams} best that have ended.
 *
 * @param begin the token that a sequence begins with, which is not part of the result
 * @param end the token that ends one, which is not part of the result either
 * @param longest tokens at most, with the end token
 * @param beams beginnings that go on, 1 or more
 * @param penalty 0 or more; 0 compares log-probabilities, which favours short sequences, 1 their means
 */
public record BeamDecoder(int begin, int end, int longest, int beams, double penalty) {
    public BeamDecoder {
        if (beams < 1 || longest < 1 || !(penalty >= 0)) {
            throw new IllegalArgumentException("BeamDecoder: " + beams + " beams, " + longest
                    + " tokens at most, length penalty " + penalty + "; give 1 or more, 1 or more, 0 or more");
        }
    }

    /**
     * A sequence that was found.
     *
     * @param tokens without those of begin and end
     * @param logProbability of all its tokens, that of the end too
     * @param score what it is worth
     */
    public record Found(int[] tokens, double logProbability, double score) {}

    /**
     * Decodes {@code rows} sequences at once, without recording; the step sees rows · beams rows, those of one sequence
     * together.
     *
     * @param initial the state of the first step, of {@code rows} rows
     * @return what was found for each row, {@code beams} at most, the best first
     * @throws IllegalStateException if logits are NaN
     */
    public List<List<Found>> decode(Tape tape, DecoderStep step, int rows, List<Tensor> initial) {
        Beam[] searches = new Beam[rows];
        Arrays.setAll(searches, _ -> new Beam(this));
        int all = rows * beams;
        int[] parents = new int[all];
        Arrays.setAll(parents, i -> i / beams);
        int[] tokens = new int[all];
        Arrays.fill(tokens, begin);
        List<Tensor> state = initial;
        try (var _ = tape.noGrad()) {
            for (int t = 0; t < longest && searching(searches); t++) {
                Tensor from = tape.integers(Shape.of(all), parents);
                List<Tensor> ours =
                        state.stream().map(s -> Lookups.indexSelect(s, 0, from)).toList();
                GreedyDecoder.pass(state, List.of(), initial);
                DecoderStep.Next next = step.next(tape.integers(Shape.of(all), tokens), ours);
                float[] logits = next.logits().toArray();
                next.logits().release();
                int vocabulary = logits.length / all;
                for (int row = 0; row < rows; row++) {
                    int first = row * beams * vocabulary;
                    searches[row].step(logits, first, vocabulary);
                    for (int k = 0; k < beams; k++) {
                        parents[row * beams + k] = row * beams + searches[row].parent(k);
                        tokens[row * beams + k] = searches[row].token(k);
                    }
                }
                state = GreedyDecoder.pass(ours, next.state(), List.of());
            }
        }
        List<List<Found>> found = new ArrayList<>();
        for (Beam search : searches) {
            found.add(search.found());
        }
        return found;
    }

    private static boolean searching(Beam[] searches) {
        return Arrays.stream(searches).anyMatch(search -> !search.done());
    }
}
