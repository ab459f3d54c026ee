package io.gatun.nn.metric;

import java.util.Arrays;
import java.util.Locale;

/**
 * Latencies in fixed memory (58 KB), whatever their number: buckets as wide as a 128th of their lower end, so that a
 * percentile is at most 0.8 % too large and never too small. Below 256 ns it is exact. Recording allocates nothing. One
 * thread at a time; {@link #merge} those of several.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 7;
    private static final int SUB = 1 << SUB_BITS;

    private final long[] counts = new long[SUB * (64 - SUB_BITS)];
    private long count;
    private long sum;
    private long max;

    /** An empty one, 57 KiB. */
    public LatencyHistogram() {}

    /** @param nanos at least 0 */
    public void record(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("a latency of " + nanos + " ns is not possible");
        }
        counts[bucket(nanos)]++;
        count++;
        sum += nanos;
        max = Math.max(max, nanos);
    }

    private static int bucket(long nanos) {
        int shift = Math.max(0, 64 - Long.numberOfLeadingZeros(nanos) - SUB_BITS - 1);
        return shift * SUB + (int) (nanos >>> shift);
    }

    /** The largest value of a bucket. */
    private static long end(int bucket) {
        int shift = Math.max(0, bucket / SUB - 1);
        return ((bucket - (long) shift * SUB + 1) << shift) - 1;
    }

    /**
     * The smallest value that at least {@code percent} % of the latencies do not exceed, to a bucket's width; 0 without
     * latencies.
     */
    public long percentile(double percent) {
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException("percentile " + percent + " is not within 0 to 100");
        }
        long wanted = Math.max(1, (long) Math.ceil(percent / 100 * count));
        long seen = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            seen += counts[bucket];
            if (seen >= wanted) {
                return Math.min(end(bucket), max);
            }
        }
        return max;
    }

    /** How many were recorded. */
    public long count() {
        return count;
    }

    /** In ns, exact; 0 where none was recorded. */
    public long max() {
        return max;
    }

    /** In ns, exact. */
    public double mean() {
        return (double) sum / count;
    }

    /** Adds what another one has recorded. */
    public void merge(LatencyHistogram other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        sum += other.sum;
        max = Math.max(max, other.max);
    }

    /** Forgets all. */
    public void reset() {
        Arrays.fill(counts, 0);
        count = 0;
        sum = 0;
        max = 0;
    }

    /** {@code P50 1.2 ms, P90 1.4 ms, P99 2.0 ms}. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "P50 %.3g ms, P90 %.3g ms, P99 %.3g ms of %d",
                percentile(50) / 1e6,
                percentile(90) / 1e6,
                percentile(99) / 1e6,
                count);
    }
}
