package io.gatun.nn.data.text;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Sequences of different lengths as one batch, int32 [T, B]: sequence b is column b, filled up at its end. T is the
 * longest length. The arrays are held, not copied.
 *
 * @param steps T
 * @param batch B
 * @param tokens element [t, b] at {@code t·B + b}
 * @param lengths of the B sequences, each at most T
 */
public record PaddedBatch(int steps, int batch, int[] tokens, int[] lengths) {

    /** Which end of a sequence that is too long is lost. */
    public enum Truncation {
        /** The end: its first tokens stay. */
        END,
        /** The start: its last tokens stay, as a model that continues a text needs. */
        START
    }

    /**
     * Pads sequences to the longest.
     *
     * @param sequences B of them
     * @param maxLength most steps, at least 1
     * @param pad the token to fill up with
     */
    public static PaddedBatch of(List<int[]> sequences, int maxLength, int pad, Truncation truncation) {
        if (maxLength < 1) {
            throw new IllegalArgumentException("padded batch of at most " + maxLength + " steps: at least 1 is needed");
        }
        int batch = sequences.size();
        int[] lengths = sequences.stream()
                .mapToInt(sequence -> Math.min(sequence.length, maxLength))
                .toArray();
        int steps = Arrays.stream(lengths).max().orElse(0);
        int[] tokens = new int[Math.multiplyExact(steps, batch)];
        Arrays.fill(tokens, pad);
        for (int b = 0; b < batch; b++) {
            int[] sequence = sequences.get(b);
            int from = truncation == Truncation.START ? sequence.length - lengths[b] : 0;
            for (int t = 0; t < lengths[b]; t++) {
                tokens[t * batch + b] = sequence[from + t];
            }
        }
        return new PaddedBatch(steps, batch, tokens, lengths);
    }

    /** float32 [T, B]: 1 where a sequence has a token, 0 where it is filled up. */
    public float[] mask() {
        float[] mask = new float[tokens.length];
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                mask[t * batch + b] = t < lengths[b] ? 1 : 0;
            }
        }
        return mask;
    }

    /**
     * The next token for each one, int32 [T, B], {@code ignore} at a sequence's last token and behind it: targets for a
     * loss that ignores that index.
     */
    public int[] nextTokens(int ignore) {
        int[] targets = new int[tokens.length];
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                targets[t * batch + b] = t + 1 < lengths[b] ? tokens[(t + 1) * batch + b] : ignore;
            }
        }
        return targets;
    }

    /** Writes the tokens, 4·T·B bytes. */
    public void copyTokens(MemorySegment dst) {
        MemorySegment.copy(tokens, 0, dst, ValueLayout.JAVA_INT_UNALIGNED, 0, tokens.length);
    }
}
