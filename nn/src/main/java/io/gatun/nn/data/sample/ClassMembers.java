package io.gatun.nn.data.sample;

import java.util.Arrays;
import java.util.stream.IntStream;

/** The samples of each class, ascending. */
record ClassMembers(int[][] of) {

    /** @throws IllegalArgumentException when a label is negative, or above a million, which no class number is */
    static ClassMembers of(int[] labels) {
        int classes = 0;
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] > 1_000_000) {
                throw new IllegalArgumentException(
                        "label " + labels[i] + " of sample " + i + " is no class number from 0 to 1000000");
            }
            classes = Math.max(classes, labels[i] + 1);
        }
        int[] counts = new int[classes];
        for (int label : labels) {
            counts[label]++;
        }
        int[][] members = new int[classes][];
        Arrays.setAll(members, c -> new int[counts[c]]);
        Arrays.fill(counts, 0);
        for (int i = 0; i < labels.length; i++) {
            members[labels[i]][counts[labels[i]]++] = i;
        }
        return new ClassMembers(members);
    }

    /** Class numbers up to the greatest label; some may have no member. */
    int classes() {
        return of.length;
    }

    int count(int c) {
        return of[c].length;
    }

    /** Classes with at least one member. */
    int[] present() {
        return IntStream.range(0, of.length).filter(c -> of[c].length > 0).toArray();
    }

    /** Members of the largest class, 0 when there is none. */
    int most() {
        return Arrays.stream(of).mapToInt(m -> m.length).max().orElse(0);
    }

    /** The smallest class that has a member, the first of equals. */
    int smallestClass() {
        int smallest = present()[0];
        for (int c : present()) {
            if (of[c].length < of[smallest].length) {
                smallest = c;
            }
        }
        return smallest;
    }
}
