package io.gatun.perf.train;

import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import io.gatun.nn.data.SplitMix;

/**
 * Two spirals that wind around each other: the best line is right on 67 % of such points.
 *
 * @param points [n, 2] in the unit disc
 * @param arms which arm each is on, 0 or 1
 */
record Spirals(float[][] points, int[] arms) {
    static final int TRAIN = 4_000;
    static final int TEST = 1_000;

    private static final double TURNS = 1.5;
    private static final double NOISE = 0.015;

    /** Those to learn from. */
    static Spirals train(long seed) {
        return of(TRAIN, SplitMix.of(seed, 1));
    }

    static Spirals test(long seed) {
        return of(TEST, SplitMix.of(seed, 2));
    }

    private static Spirals of(int count, SplitMix random) {
        float[][] points = new float[count][2];
        int[] arms = new int[count];
        for (int i = 0; i < count; i++) {
            arms[i] = i % 2;
            double radius = Math.sqrt(random.between(0.02, 1));
            double angle = 2 * Math.PI * (TURNS * radius + 0.5 * arms[i]);
            points[i][0] = (float) (radius * StrictMath.cos(angle) + NOISE * GeneratedPoints.gauss(random));
            points[i][1] = (float) (radius * StrictMath.sin(angle) + NOISE * GeneratedPoints.gauss(random));
        }
        return new Spirals(points, arms);
    }

    /** Fields {@code features} and {@code labels}. */
    Dataset set() {
        return Datasets.of(points, arms);
    }
}
