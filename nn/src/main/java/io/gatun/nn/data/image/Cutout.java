package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/** Blackens a square about a random pixel; the part of it that sticks out is lost. */
record Cutout(int size) implements Augment {
    Cutout {
        if (size < 1) {
            throw new IllegalArgumentException("a cutout of " + size + " pixels must have at least 1");
        }
    }

    @Override
    public void augment(Image image, SplitMix random) {
        int top = random.below(image.height()) - size / 2;
        int left = random.below(image.width()) - size / 2;
        RandomErasing.fill(image, top, left, size, size, 0);
    }
}
