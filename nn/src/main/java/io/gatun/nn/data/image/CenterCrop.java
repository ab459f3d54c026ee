package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Cuts out the middle of a picture; where that is smaller, black comes in. The place is torchvision's: half of the
 * difference, rounded to the nearest, ties to even.
 *
 * @param height of the result
 * @param width of the result
 */
public record CenterCrop(int height, int width) implements ImageTransform {

    /** @throws IllegalArgumentException when a size is below 1 */
    public CenterCrop {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "a crop of " + height + "x" + width + " is empty; both must be at least 1");
        }
    }

    @Override
    public void apply(Image image, SplitMix random) {
        image.crop(begin(image.height(), height), begin(image.width(), width), height, width);
    }

    private static int begin(int from, int to) {
        // A smaller picture is padded first, on both sides, by half of what lacks, rounded down on this side.
        return from >= to ? (int) Math.rint((from - to) / 2.0) : -((to - from) / 2);
    }
}
