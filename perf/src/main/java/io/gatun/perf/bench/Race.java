package io.gatun.perf.bench;

import java.util.Arrays;
import java.util.List;

/** Times entrants in turn, A B C A B C …, because on a shared machine only neighbours in time can be compared. */
public final class Race {
    /** One sample of a kernel lasts at least this long, or the clock and the loop would be measured. */
    static final double SAMPLE_NANOS = 2e6;

    /** One of training steps: several short ones, so that who queues them on a device may run ahead of it. */
    public static final double STEPS_NANOS = 1e8;

    /** Moments that decay by 0.9 a run stay above 1e-12 of what they were: no denormals. */
    static final int MOST_UPDATES = 256;

    /** Even the slowest entrant is sampled this often. */
    private static final int FEWEST_ROUNDS = 3;

    private Race() {}

    /**
     * Nanoseconds of one run, by entrant and round, of as many rounds as fit into {@code seconds}, after half as long a
     * warm-up.
     *
     * @param sampleNanos what a sample should take: as many runs as fit, at least one
     */
    public static double[][] run(List<? extends Racer> entrants, double seconds, double sampleNanos) {
        int[] runs = new int[entrants.size()];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = warm(entrants.get(i), seconds / 2 / runs.length, sampleNanos);
        }
        double[][] samples = new double[entrants.size()][1024];
        long end = System.nanoTime() + (long) (seconds * 1e9);
        int rounds = 0;
        while (rounds < FEWEST_ROUNDS || System.nanoTime() < end) {
            for (int i = 0; i < runs.length; i++) {
                if (rounds == samples[i].length) {
                    samples[i] = Arrays.copyOf(samples[i], 2 * rounds);
                }
                samples[i][rounds] = entrants.get(i).nanos(runs[i]);
            }
            rounds++;
        }
        for (int i = 0; i < runs.length; i++) {
            samples[i] = Arrays.copyOf(samples[i], rounds);
        }
        return samples;
    }

    /** Runs until the compiler has had its time; returns how many runs make one sample. */
    private static int warm(Racer entrant, double seconds, double sampleNanos) {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        double fastest = Double.POSITIVE_INFINITY;
        int runs = 1;
        do {
            fastest = Math.min(fastest, entrant.nanos(runs));
            runs = (int) Math.clamp(sampleNanos / fastest, 1, 1 << 20);
            runs = entrant.updates() ? Math.min(runs, MOST_UPDATES) : runs;
        } while (System.nanoTime() < end);
        return runs;
    }
}
