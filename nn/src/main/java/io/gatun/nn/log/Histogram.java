package io.gatun.nn.log;

import java.util.Arrays;

/**
 * Counts of numbers in 64 buckets of equal width from the smallest to the largest; NaN and infinities are counted apart.
 *
 * @param limits right end of each bucket
 * @param others how many numbers were not finite
 */
record Histogram(
        double min, double max, double sum, double sumOfSquares, double[] limits, double[] counts, long others) {
    private static final int BUCKETS = 64;

    static Histogram of(float[] values) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double squares = 0;
        long others = 0;
        for (float value : values) {
            if (!Float.isFinite(value)) {
                others++;
                continue;
            }
            min = Math.min(min, value);
            max = Math.max(max, value);
            sum += value;
            squares += (double) value * value;
        }
        if (min > max) {
            return new Histogram(0, 0, 0, 0, new double[] {0}, new double[] {0}, others);
        }
        // One bucket is enough for equal numbers.
        int buckets = min == max ? 1 : BUCKETS;
        double width = (max - min) / buckets;
        double[] limits = new double[buckets];
        for (int i = 0; i < buckets; i++) {
            limits[i] = i == buckets - 1 ? max : min + width * (i + 1);
        }
        double[] counts = new double[buckets];
        for (float value : values) {
            if (Float.isFinite(value)) {
                counts[buckets == 1 ? 0 : Math.min(buckets - 1, (int) ((value - min) / width))]++;
            }
        }
        return new Histogram(min, max, sum, squares, limits, counts, others);
    }

    /** HistogramProto. */
    Proto proto() {
        return new Proto()
                .real(1, min)
                .real(2, max)
                .real(3, Arrays.stream(counts).sum())
                .real(4, sum)
                .real(5, sumOfSquares)
                .packed(6, limits)
                .packed(7, counts);
    }
}
