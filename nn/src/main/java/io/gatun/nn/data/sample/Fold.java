package io.gatun.nn.data.sample;

import io.gatun.nn.data.SplitMix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One round of cross-validation: learn from {@code train}, and whatever is fitted or resampled from it alone; score on
 * {@code test}. Over the k folds each sample is tested once. Arrays are ascending and held, not copied.
 *
 * @param train samples of the other folds
 * @param test samples of this one
 */
public record Fold(int[] train, int[] test) {

    /**
     * k folds at random whose sizes differ by at most one, the larger ones first.
     *
     * @param n number of samples, at least k
     * @param k at least 2
     */
    public static List<Fold> random(int n, int k, long seed) {
        int[] order = IntStream.range(0, n).toArray();
        SplitMix.of(seed).shuffle(order);
        return cut(order, k);
    }

    /** k folds of neighbouring samples. */
    public static List<Fold> inOrder(int n, int k) {
        return cut(IntStream.range(0, n).toArray(), k);
    }

    /**
     * k folds at random in which each class's counts differ by at most one, and so do the folds' sizes.
     *
     * @param labels class of each sample
     * @throws IllegalArgumentException when a class has fewer samples than folds
     */
    public static List<Fold> stratified(int[] labels, int k, long seed) {
        check(labels.length, k);
        ClassMembers members = ClassMembers.of(labels);
        int[] foldOf = new int[labels.length];
        // Dealt like cards, each class going on where the one before stopped.
        int next = 0;
        for (int c : members.present()) {
            int[] own = members.of()[c].clone();
            if (own.length < k) {
                throw new IllegalArgumentException(
                        "class " + c + " has " + own.length + " samples, " + k + " stratified folds need as many");
            }
            SplitMix.of(seed, c).shuffle(own);
            for (int sample : own) {
                foldOf[sample] = next++ % k;
            }
        }
        return folds(foldOf, k);
    }

    private static List<Fold> cut(int[] order, int k) {
        int n = order.length;
        check(n, k);
        int[] foldOf = new int[n];
        int at = 0;
        for (int fold = 0; fold < k; fold++) {
            int size = n / k + (fold < n % k ? 1 : 0);
            for (int i = 0; i < size; i++) {
                foldOf[order[at++]] = fold;
            }
        }
        return folds(foldOf, k);
    }

    private static void check(int n, int k) {
        if (k < 2 || k > n) {
            throw new IllegalArgumentException(
                    k + " folds of " + n + " samples: there must be at least 2 and no more than samples");
        }
    }

    private static List<Fold> folds(int[] foldOf, int k) {
        List<Fold> folds = new ArrayList<>();
        int[] all = IntStream.range(0, foldOf.length).toArray();
        for (int fold = 0; fold < k; fold++) {
            int own = fold;
            folds.add(new Fold(
                    Arrays.stream(all).filter(i -> foldOf[i] != own).toArray(),
                    Arrays.stream(all).filter(i -> foldOf[i] == own).toArray()));
        }
        return List.copyOf(folds);
    }

    /** The sizes of the parts: not the samples. */
    @Override
    public String toString() {
        return "Fold[train=" + train.length + ", test=" + test.length + " samples]";
    }
}
