package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Cuts a picture of a given size out of a larger one at a random place; in an evaluation, out of its middle.
 *
 * @param height of the result
 * @param width of the result
 * @param pad black pixels added on each side before, at least 0
 */
public record RandomCrop(int height, int width, int pad) implements Augment {

    /** @throws IllegalArgumentException when a size is below 1 or the padding negative */
    public RandomCrop {
        if (height < 1 || width < 1 || pad < 0) {
            throw new IllegalArgumentException("a crop of " + height + "x" + width + " with padding " + pad
                    + " needs sizes of at least 1 and no negative padding");
        }
    }

    @Override
    public void apply(Image image, SplitMix random) {
        if (random == null) {
            new CenterCrop(height, width).apply(image, null);
        } else {
            augment(image, random);
        }
    }

    @Override
    public void augment(Image image, SplitMix random) {
        int freeY = image.height() + 2 * pad - height;
        int freeX = image.width() + 2 * pad - width;
        if (freeY < 0 || freeX < 0) {
            throw new IllegalArgumentException("a crop of " + height + "x" + width + " does not fit into an image of "
                    + image + " padded by " + pad + "; resize it first or pad more");
        }
        int top = random.below(freeY + 1) - pad;
        int left = random.below(freeX + 1) - pad;
        image.crop(top, left, height, width);
    }
}
