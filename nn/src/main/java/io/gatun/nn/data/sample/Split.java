package io.gatun.nn.data.sample;

import io.gatun.nn.data.SplitMix;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The samples 0..n-1 parted into those to train on, to validate by and to test on; each array ascending, no sample in
 * two. A part's size is its share of n rounded up, as scikit-learn's {@code train_test_split} has it; the training set
 * gets what is left. The arrays are held, not copied.
 *
 * @param train samples to learn from, and to fit scalers and encoders on
 * @param validation samples to choose by; empty when not asked for
 * @param test samples to report on, once
 */
public record Split(int[] train, int[] validation, int[] test) {

    /** At random: {@code Split.random(n, 0.2, 42)} keeps a fifth for the test. */
    public static Split random(int n, double test, long seed) {
        return random(n, 0, test, seed);
    }

    /**
     * At random, in three parts.
     *
     * @param n number of samples
     * @param validation share of n, in [0, 1)
     * @param test share of n, in [0, 1)
     * @throws IllegalArgumentException when a share is outside its range or nothing is left to train on
     */
    public static Split random(int n, double validation, double test, long seed) {
        int[] order = IntStream.range(0, n).toArray();
        SplitMix.of(seed).shuffle(order);
        return cut(order, size(n, validation), size(n, test));
    }

    /** The last samples to the test, those before them to the validation: for series, whose future must stay unseen. */
    public static Split inOrder(int n, double validation, double test) {
        return cut(IntStream.range(0, n).toArray(), size(n, validation), size(n, test));
    }

    /** At random with each class's share in each part; see {@link #stratified(int[], double, double, long)}. */
    public static Split stratified(int[] labels, double test, long seed) {
        return stratified(labels, 0, test, seed);
    }

    /**
     * At random with each class's share in each part: a class's count in a part is its quota rounded down or up, the
     * places that rounding down leaves going to the largest remainders (the lower class first). A class whose quota
     * rounds to nothing still gets one sample in each part.
     *
     * @param labels class of each sample
     * @throws IllegalArgumentException when a class has fewer samples than there are parts, or a part is smaller than
     *     the number of classes
     */
    public static Split stratified(int[] labels, double validation, double test, long seed) {
        ClassMembers members = ClassMembers.of(labels);
        int n = labels.length;
        int validationSize = size(n, validation);
        int testSize = size(n, test);
        checkRoom(members, n, validationSize, testSize);
        int parts = 1 + (validationSize > 0 ? 1 : 0) + (testSize > 0 ? 1 : 0);
        int[] counts = new int[members.classes()];
        Arrays.setAll(counts, members::count);
        int[] toTest = Quotas.of(counts, testSize, parts - 1);
        Arrays.setAll(counts, c -> members.count(c) - toTest[c]);
        int[] toValidation = Quotas.of(counts, validationSize, 1);
        int[] order = new int[n];
        int trainAt = 0;
        int validationAt = n - testSize - validationSize;
        int testAt = n - testSize;
        for (int c = 0; c < members.classes(); c++) {
            int[] own = members.of()[c].clone();
            SplitMix.of(seed, c).shuffle(own);
            for (int i = 0; i < own.length; i++) {
                if (i < toTest[c]) {
                    order[testAt++] = own[i];
                } else if (i < toTest[c] + toValidation[c]) {
                    order[validationAt++] = own[i];
                } else {
                    order[trainAt++] = own[i];
                }
            }
        }
        return cut(order, validationSize, testSize);
    }

    private static void checkRoom(ClassMembers members, int n, int validation, int test) {
        int classes = members.present().length;
        int parts = 1 + (validation > 0 ? 1 : 0) + (test > 0 ? 1 : 0);
        for (int c : members.present()) {
            if (members.count(c) < parts) {
                throw new IllegalArgumentException("class " + c + " has " + members.count(c)
                        + " samples, a stratified split in " + parts + " parts needs " + parts + " of each class");
            }
        }
        int train = n - validation - test;
        if (train < classes || (validation > 0 && validation < classes) || (test > 0 && test < classes)) {
            throw new IllegalArgumentException("a stratified split of " + n + " samples into " + train + " train, "
                    + validation + " validation, " + test + " test has no room for each of " + classes
                    + " classes in each part");
        }
    }

    /** Rounded up, but not for the noise of a share such as 0.1 + 0.2. */
    private static int size(int n, double share) {
        if (n < 0) {
            throw new IllegalArgumentException("split of " + n + " samples: there must be at least 0");
        }
        if (!(share >= 0 && share < 1)) {
            throw new IllegalArgumentException("share " + share + " of a split must be in [0, 1)");
        }
        return (int) Math.ceil(share * n - 1e-9 * n);
    }

    private static Split cut(int[] order, int validation, int test) {
        int train = order.length - validation - test;
        if (train < 1) {
            throw new IllegalArgumentException("a split of " + order.length + " samples into " + validation
                    + " validation and " + test + " test leaves none to train on");
        }
        Split split = new Split(
                Arrays.copyOf(order, train),
                Arrays.copyOfRange(order, train, train + validation),
                Arrays.copyOfRange(order, train + validation, order.length));
        Arrays.sort(split.train);
        Arrays.sort(split.validation);
        Arrays.sort(split.test);
        return split;
    }

    /** The sizes of the parts: not the samples. */
    @Override
    public String toString() {
        return "Split[train=" + train.length + ", validation=" + validation.length + ", test=" + test.length
                + " samples]";
    }
}
