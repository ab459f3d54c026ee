package io.gatun.nn.data.sample;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Shares a number of places among classes by the largest remainder. */
final class Quotas {
    private Quotas() {}

    /**
     * Places for each class: its quota {@code counts[c] * places / sum} rounded down, then one more for the largest
     * remainders, the lower class first. Each class with members gets at least 1 and leaves at least {@code keep}.
     *
     * @param places at least the number of classes with members, or 0
     */
    static int[] of(int[] counts, int places, int keep) {
        int[] given = new int[counts.length];
        if (places == 0) {
            return given;
        }
        long sum = Arrays.stream(counts).asLongStream().sum();
        long[] remainder = new long[counts.length];
        int left = places;
        for (int c = 0; c < counts.length; c++) {
            long quota = (long) counts[c] * places;
            given[c] = (int) (quota / sum);
            remainder[c] = quota % sum;
            left -= given[c];
        }
        int[] byRemainder = IntStream.range(0, counts.length)
                .boxed()
                .sorted((a, b) -> Long.compare(remainder[b], remainder[a]))
                .mapToInt(c -> c)
                .toArray();
        for (int i = 0; i < left; i++) {
            given[byRemainder[i]]++;
        }
        for (int c = 0; c < counts.length; c++) {
            while (counts[c] > 0 && given[c] < 1) {
                move(given, counts, places, sum, c, -1, keep);
            }
            while (given[c] > 0 && counts[c] - given[c] < keep) {
                move(given, counts, places, sum, c, 1, keep);
            }
        }
        return given;
    }

    /** Moves a place to class c ({@code sign} -1) or from it, by the class that is furthest off its quota the other way. */
    private static void move(int[] given, int[] counts, int places, long sum, int c, int sign, int keep) {
        int best = -1;
        double most = 0;
        for (int other = 0; other < counts.length; other++) {
            boolean can = sign < 0 ? given[other] > 1 : counts[other] - given[other] > keep;
            double surplus = -sign * (given[other] - (double) counts[other] * places / sum);
            if (other != c && can && (best < 0 || surplus > most)) {
                best = other;
                most = surplus;
            }
        }
        if (best < 0) {
            throw new IllegalArgumentException("classes of " + Arrays.toString(counts) + " samples cannot share "
                    + places + " places so that each has one and keeps " + keep);
        }
        given[c] -= sign;
        given[best] += sign;
    }
}
