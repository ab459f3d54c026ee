package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/** Draws from Beta(α, α), by two gamma variates. StrictMath, so that a resumed run on another JDK draws the same. */
final class Beta {
    private Beta() {}

    static double symmetric(SplitMix random, double alpha) {
        double x = logGamma(random, alpha);
        double y = logGamma(random, alpha);
        // x / (x + y) of the logarithms: for a small alpha the variates themselves are below the smallest double.
        return 1 / (1 + StrictMath.exp(y - x));
    }

    /** The logarithm of a Gamma(shape, 1) variate: Marsaglia and Tsang (2000), boosted where the shape is below 1. */
    private static double logGamma(SplitMix random, double shape) {
        double boost = shape < 1 ? StrictMath.log(1 - random.unit()) / shape : 0;
        double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = normal(random);
            double v = 1 + c * x;
            if (v <= 0) {
                continue;
            }
            v = v * v * v;
            if (StrictMath.log(1 - random.unit()) < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
                return StrictMath.log(d * v) + boost;
            }
        }
    }

    /** Box and Muller's cosine. */
    private static double normal(SplitMix random) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - random.unit()));
        return radius * StrictMath.cos(2 * Math.PI * random.unit());
    }
}
