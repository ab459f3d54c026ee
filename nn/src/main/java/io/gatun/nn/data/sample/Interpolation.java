package io.gatun.nn.data.sample;

import io.gatun.nn.data.SplitMix;
import io.gatun.nn.data.table.Matrix;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** Grows a training set by points between neighbours of a class: x + u·(neighbour - x), u uniform in [0, 1). */
final class Interpolation {
    private final Matrix x;
    private final int[] labels;
    private float[] values;
    private int[] grownLabels;
    private int rows;

    /** Which members of a class that must grow get new points. */
    interface Bases {
        /**
         * Calls {@code add} with a member's place in {@code own} for each new point.
         *
         * @param own rows of the class's members
         * @param wanted points to the size of the largest class
         */
        void choose(int[] own, int label, int wanted, SplitMix random, IntConsumer add);
    }

    /**
     * The set, each class grown to the size of the largest by points between members and their k nearest in the class.
     *
     * @param what is done, for messages
     */
    static Resampled grow(String what, Matrix x, int[] labels, int k, long seed, Bases bases) {
        Resampled.check(x, labels);
        ClassMembers members = ClassMembers.of(labels);
        Interpolation grown = new Interpolation(x, labels);
        for (int c : members.present()) {
            int wanted = members.most() - members.count(c);
            if (wanted > 0) {
                Matrix own = x.select(members.of()[c]);
                int[][] neighbours = neighbours(what, own, c, k);
                SplitMix random = SplitMix.of(seed, c);
                bases.choose(
                        members.of()[c],
                        c,
                        wanted,
                        random,
                        base -> grown.add(own, base, neighbours[base][random.below(k)], c, random));
            }
        }
        return grown.build();
    }

    private Interpolation(Matrix x, int[] labels) {
        this.x = x;
        this.labels = labels;
        values = x.values().clone();
        grownLabels = labels.clone();
        rows = labels.length;
    }

    /** Members of a class as a matrix, with their k nearest within it. */
    private static int[][] neighbours(String what, Matrix own, int label, int k) {
        if (own.rows() <= k) {
            throw new IllegalArgumentException(what + " with k=" + k + " needs at least " + (k + 1)
                    + " samples of class " + label + ", which has " + own.rows() + ": choose a smaller k");
        }
        return Neighbours.nearest(own, own, k, true);
    }

    private void add(Matrix own, int base, int neighbour, int label, SplitMix random) {
        int features = x.columns();
        if (rows == grownLabels.length) {
            grownLabels = Arrays.copyOf(grownLabels, rows + rows / 2 + 1);
            values = Arrays.copyOf(values, Math.multiplyExact(grownLabels.length, features));
        }
        double u = random.unit();
        for (int f = 0; f < features; f++) {
            double from = own.values()[base * features + f];
            double to = own.values()[neighbour * features + f];
            values[rows * features + f] = (float) (from + u * (to - from));
        }
        grownLabels[rows++] = label;
    }

    private Resampled build() {
        int[] origin = new int[rows];
        Arrays.setAll(origin, i -> i < labels.length ? i : -1);
        return new Resampled(
                new Matrix(rows, x.columns(), Arrays.copyOf(values, rows * x.columns())),
                Arrays.copyOf(grownLabels, rows),
                origin);
    }
}
