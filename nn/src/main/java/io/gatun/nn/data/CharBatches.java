package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Cuts a token stream into windows for truncated back-propagation: the stream is laid out as B lanes of equal length,
 * and window w holds tokens [w·T, w·T + T) of each lane, targets one token further on. A lane of window w + 1 goes on
 * where it stopped in window w, so the LSTM's state is carried over. Fewer than B + T·B tokens at the end of the lanes
 * are left out. Immutable and thread-safe; the position in an epoch is the window's number alone.
 */
public final class CharBatches {
    private final int[] tokens;
    private final int steps;
    private final int batch;
    private final int lane;

    /**
     * @param tokens the stream, not copied
     * @param steps T, at least 1
     * @param batch B, at least 1
     * @throws IllegalArgumentException when the stream is too short for one window
     */
    public CharBatches(int[] tokens, int steps, int batch) {
        if (steps < 1 || batch < 1) {
            throw new IllegalArgumentException("windows of T=" + steps + ", B=" + batch + ": both must be at least 1");
        }
        if (tokens.length < (long) steps * batch + 1) {
            throw new IllegalArgumentException(tokens.length + " tokens are too few for one window of T=" + steps
                    + ", B=" + batch + ", which needs " + ((long) steps * batch + 1));
        }
        this.tokens = tokens;
        this.steps = steps;
        this.batch = batch;
        this.lane = (tokens.length - 1) / batch;
    }

    /** Windows in an epoch, at least 1. */
    public int windows() {
        return lane / steps;
    }

    /** T. */
    public int steps() {
        return steps;
    }

    /** B. */
    public int batch() {
        return batch;
    }

    /**
     * Writes window {@code window}, int32 [T, B] each.
     *
     * @param inputs at least 4·T·B bytes
     * @param targets at least 4·T·B bytes: element [t, b] is the token after {@code inputs[t, b]}
     */
    public void fill(int window, MemorySegment inputs, MemorySegment targets) {
        if (window < 0 || window >= windows()) {
            throw new IllegalArgumentException("window " + window + " is not in 0.." + (windows() - 1));
        }
        for (int t = 0; t < steps; t++) {
            for (int b = 0; b < batch; b++) {
                int at = b * lane + window * steps + t;
                inputs.setAtIndex(ValueLayout.JAVA_INT, (long) t * batch + b, tokens[at]);
                targets.setAtIndex(ValueLayout.JAVA_INT, (long) t * batch + b, tokens[at + 1]);
            }
        }
    }
}
