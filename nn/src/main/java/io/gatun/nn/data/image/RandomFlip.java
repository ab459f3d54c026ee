package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Mirrors a picture at random.
 *
 * @param p probability, 0 to 1
 * @param horizontal left and right, else top and bottom
 */
record RandomFlip(double p, boolean horizontal) implements Augment {
    RandomFlip {
        Probability.require("a flip's probability", p);
    }

    @Override
    public void augment(Image image, SplitMix random) {
        if (!Probability.hits(random, p)) {
            return;
        }
        if (horizontal) {
            image.mirror();
        } else {
            image.turnOver();
        }
    }
}
