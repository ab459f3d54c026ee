package io.gatun.nn;

import io.gatun.autograd.Tape;
import io.gatun.autograd.Tensor;
import io.gatun.kernel.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Writes sequences by the most probable token at each step; of equal ones the first.
 *
 * @param begin the token that a sequence begins with, which is not part of the result
 * @param end the token that ends one, which is not part of the result either
 * @param longest tokens at most
 */
public record GreedyDecoder(int begin, int end, int longest) {
    /**
     * Decodes {@code rows} sequences at once, without recording.
     *
     * @param initial the state of the first step, the caller's to keep
     * @return the tokens of each row
     * @throws IllegalStateException if logits are NaN
     */
    public int[][] decode(Tape tape, DecoderStep step, int rows, List<Tensor> initial) {
        int[] tokens = new int[rows];
        Arrays.fill(tokens, begin);
        int[][] written = new int[rows][longest];
        int[] lengths = new int[rows];
        boolean[] ended = new boolean[rows];
        int alive = rows;
        List<Tensor> state = initial;
        try (var _ = tape.noGrad()) {
            for (int t = 0; t < longest && alive > 0; t++) {
                DecoderStep.Next next = step.next(tape.integers(Shape.of(rows), tokens), state);
                float[] logits = next.logits().toArray();
                next.logits().release();
                for (int row = 0; row < rows; row++) {
                    tokens[row] = best(logits, row, logits.length / rows);
                    if (!ended[row] && tokens[row] == end) {
                        ended[row] = true;
                        alive--;
                    } else if (!ended[row]) {
                        written[row][lengths[row]++] = tokens[row];
                    }
                }
                state = pass(state, next.state(), initial);
            }
        }
        for (int row = 0; row < rows; row++) {
            written[row] = Arrays.copyOf(written[row], lengths[row]);
        }
        return written;
    }

    /** The new state; what was made for the old one alone is released. */
    static List<Tensor> pass(List<Tensor> old, List<Tensor> state, List<Tensor> initial) {
        for (Tensor tensor : old) {
            if (!state.contains(tensor) && !initial.contains(tensor)) {
                tensor.release();
            }
        }
        return state;
    }

    private static int best(float[] logits, int row, int vocabulary) {
        int best = row * vocabulary;
        for (int i = best; i < (row + 1) * vocabulary; i++) {
            if (Float.isNaN(logits[i])) {
                throw new IllegalStateException("decoder: logit " + i % vocabulary + " of row " + row
                        + " is NaN; the net has diverged, or its row of keys is masked whole");
            }
            best = logits[i] > logits[best] ? i : best;
        }
        return best - row * vocabulary;
    }
}
