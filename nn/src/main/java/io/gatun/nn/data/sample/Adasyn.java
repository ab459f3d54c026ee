package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;

/**
 * Adaptive synthetic sampling (He and others, 2008): as {@link Smote}, but a member gets new points in proportion to
 * the share r of other classes among its k nearest of all samples, so that most are made where the class is hard to
 * tell. Member i gets round(r_i / Σr · G) of them, halves to even, where G is what the class lacks to the size of the
 * largest; their sum may differ a little from G.
 *
 * @param k neighbours, for the shares and to choose from, usually 5
 * @param seed of everything drawn
 */
public record Adasyn(int k, long seed) implements Resampler {

    /** @throws IllegalArgumentException when {@code k} is below 1 */
    public Adasyn {
        if (k < 1) {
            throw new IllegalArgumentException("ADASYN with k=" + k + ": it must be at least 1");
        }
    }

    /**
     * @throws IllegalArgumentException when a class that must grow has no more than k members, or no member of it has a
     *     neighbour of another class
     */
    @Override
    public Resampled resample(Matrix x, int[] labels) {
        return Interpolation.grow("ADASYN", x, labels, k, seed, (own, c, wanted, _, add) -> {
            int[] counts = counts(x, labels, own, c, wanted);
            for (int base = 0; base < counts.length; base++) {
                for (int i = 0; i < counts[base]; i++) {
                    add.accept(base);
                }
            }
        });
    }

    /** New points for each member of a class. */
    int[] counts(Matrix x, int[] labels, int[] own, int c, int wanted) {
        int[][] nearest = Neighbours.nearest(x, x, k, true);
        double[] shares = new double[own.length];
        double sum = 0;
        for (int i = 0; i < own.length; i++) {
            int others = 0;
            for (int neighbour : nearest[own[i]]) {
                others += labels[neighbour] == c ? 0 : 1;
            }
            shares[i] = others / (double) k;
            sum += shares[i];
        }
        if (sum == 0) {
            throw new IllegalArgumentException(
                    "ADASYN: no sample of class " + c + " has one of another class among its " + k
                            + " nearest, so none is hard to tell: use SMOTE, or a larger k");
        }
        int[] counts = new int[own.length];
        for (int i = 0; i < own.length; i++) {
            counts[i] = (int) Math.rint(shares[i] / sum * wanted);
        }
        return counts;
    }
}
