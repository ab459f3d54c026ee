package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Scores of positives and negatives, kept until the end: what exact areas under curves need. 8 bytes a row: the score's
 * bits, ordered as the numbers are, above the label, so that one sort of longs does.
 */
final class Ranking {
    private final String metric;
    private final int positive;
    private long[] keys = new long[256];
    private int size;
    private boolean nan;

    Ranking(String metric, int positive) {
        if (positive < 0) {
            throw new IllegalArgumentException(metric + ": class " + positive + " is not possible");
        }
        this.metric = metric;
        this.positive = positive;
    }

    /** With one column its score is that of class 1. */
    void update(MemorySegment predictions, MemorySegment targets, int rows, int columns) {
        if (columns > 1 && positive >= columns) {
            throw new IllegalArgumentException(
                    metric + ": there is no class " + positive + " among " + columns + " columns");
        }
        int column = columns == 1 ? 0 : positive;
        for (int row = 0; row < rows; row++) {
            float score = Batch.number(predictions, (long) row * columns + column);
            int target = Batch.target(metric, targets, row, Math.max(2, columns));
            add(score, target == positive);
        }
    }

    private void add(float score, boolean isPositive) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, 2 * size);
        }
        nan |= score != score;
        // Adding 0 makes -0 equal to 0.
        int bits = Float.floatToIntBits(score + 0f);
        int ordered = bits ^ ((bits >> 31) & 0x7FFF_FFFF);
        keys[size++] = (long) ordered << 1 | (isPositive ? 1 : 0);
    }

    void merge(Ranking other) {
        Batch.same(metric, "class", positive, other.positive);
        for (int i = 0; i < other.size; i++) {
            if (size == keys.length) {
                keys = Arrays.copyOf(keys, 2 * size);
            }
            keys[size++] = other.keys[i];
        }
        nan |= other.nan;
    }

    void reset() {
        size = 0;
        nan = false;
    }

    /**
     * The running counts from the largest score down, an entry for each different score.
     *
     * @param positives those with this score or a larger one
     */
    record Steps(float[] scores, long[] positives, long[] negatives) {
        int size() {
            return scores.length;
        }

        long allPositives() {
            return size() == 0 ? 0 : positives[size() - 1];
        }

        long allNegatives() {
            return size() == 0 ? 0 : negatives[size() - 1];
        }
    }

    /** Null where a score was NaN, which has no rank. */
    Steps steps() {
        if (nan) {
            return null;
        }
        long[] sorted = Arrays.copyOf(keys, size);
        Arrays.sort(sorted);
        float[] scores = new float[size];
        long[] positives = new long[size];
        long[] negatives = new long[size];
        int steps = 0;
        long p = 0;
        long n = 0;
        for (int i = size - 1; i >= 0; i--) {
            boolean isPositive = (sorted[i] & 1) != 0;
            p += isPositive ? 1 : 0;
            n += isPositive ? 0 : 1;
            if (i == 0 || sorted[i - 1] >> 1 != sorted[i] >> 1) {
                scores[steps] = score((int) (sorted[i] >> 1));
                positives[steps] = p;
                negatives[steps++] = n;
            }
        }
        return new Steps(
                Arrays.copyOf(scores, steps), Arrays.copyOf(positives, steps), Arrays.copyOf(negatives, steps));
    }

    private static float score(int ordered) {
        return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & 0x7FFF_FFFF));
    }
}
