package io.gatun.perf.train;

import io.gatun.nn.data.SplitMix;

/** Points to learn from whose law is known, the same bits on every JDK. */
final class GeneratedPoints {
    private GeneratedPoints() {}

    /** [count, width] of the standard normal distribution. */
    static float[][] normal(int count, int width, SplitMix random) {
        float[][] points = new float[count][width];
        for (float[] point : points) {
            for (int i = 0; i < width; i++) {
                point[i] = (float) gauss(random);
            }
        }
        return points;
    }

    /** One number of the standard normal distribution (Box and Muller 1958). */
    static double gauss(SplitMix random) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - random.unit()));
        return radius * StrictMath.cos(2 * Math.PI * random.unit());
    }

    /** w · x + b. */
    static double linear(float[] weights, double bias, float[] x) {
        double sum = bias;
        for (int i = 0; i < weights.length; i++) {
            sum += (double) weights[i] * x[i];
        }
        return sum;
    }
}
