package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Changes brightness, contrast, saturation and hue at random, in random order, each as torchvision does. A change of c
 * draws its factor from max(0, 1 - c) to 1 + c. Pictures that do not have three channels keep saturation and hue.
 *
 * @param brightness at least 0; 0 leaves it
 * @param contrast at least 0; 0 leaves it
 * @param saturation at least 0; 0 leaves it
 * @param hue the colour circle is turned by up to this share of it either way, 0 to 0.5
 */
public record ColorJitter(double brightness, double contrast, double saturation, double hue) implements Augment {

    /** @throws IllegalArgumentException when a value is out of its range */
    public ColorJitter {
        if (!(brightness >= 0 && contrast >= 0 && saturation >= 0 && hue >= 0 && hue <= 0.5)
                || Double.isInfinite(brightness + contrast + saturation)) {
            throw new IllegalArgumentException("colour jitter of brightness " + brightness + ", contrast " + contrast
                    + ", saturation " + saturation + ", hue " + hue
                    + ": none may be negative or infinite, hue at most 0.5");
        }
    }

    @Override
    public void augment(Image image, SplitMix random) {
        int[] order = {0, 1, 2, 3};
        random.shuffle(order);
        float bright = factor(random, brightness);
        float contrasted = factor(random, contrast);
        float saturated = factor(random, saturation);
        float turn = (float) random.between(-hue, hue);
        for (int change : order) {
            switch (change) {
                case 0 -> {
                    if (brightness > 0) {
                        Colors.brightness(image, bright);
                    }
                }
                case 1 -> {
                    if (contrast > 0) {
                        Colors.contrast(image, contrasted);
                    }
                }
                case 2 -> {
                    if (saturation > 0) {
                        Colors.saturation(image, saturated);
                    }
                }
                default -> {
                    if (hue > 0) {
                        Colors.hue(image, turn);
                    }
                }
            }
        }
    }

    private static float factor(SplitMix random, double change) {
        return (float) random.between(Math.max(0, 1 - change), 1 + change);
    }
}
