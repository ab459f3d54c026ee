package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;
import java.util.List;

/**
 * A random change to a training picture, drawn from (seed, epoch, sample) alone; an evaluation never sees one. To be
 * combined: {@code Augment.of(Augment.flip(0.5), Augment.rotate(20), Augment.zoom(0.2))}.
 *
 * <p>The names and rules are torchvision's, the values 0 to 1. Neighbouring affine ones (rotate, shift, zoom, shear) are
 * composed and the picture is resampled once, so that it does not get softer with each.
 */
@FunctionalInterface
public interface Augment extends ImageTransform {
    /** Leaves pictures as they are. */
    Augment NONE = (_, _) -> {};

    /** Changes a picture of a training epoch. */
    void augment(Image image, SplitMix random);

    @Override
    default void apply(Image image, SplitMix random) {
        if (random != null) {
            augment(image, random);
        }
    }

    /** All of these, in this order. */
    static Augment of(Augment... steps) {
        return new AugmentSequence(List.of(steps));
    }

    /** Mirrors left and right with probability {@code p}. */
    static Augment flip(double p) {
        return new RandomFlip(p, true);
    }

    /** Mirrors top and bottom with probability {@code p}. */
    static Augment flipVertical(double p) {
        return new RandomFlip(p, false);
    }

    /** Rotates about the centre by up to {@code degrees} either way, black coming in. */
    static Augment rotate(double degrees) {
        return RandomAffine.NONE.degrees(degrees);
    }

    /** Shifts by up to {@code fraction} of the width and of the height, 0 to 1, either way, black coming in. */
    static Augment shift(double fraction) {
        return RandomAffine.NONE.shift(fraction, fraction);
    }

    /** Scales about the centre by 1 - fraction (smaller) to 1 + fraction, 0 to 1. */
    static Augment zoom(double fraction) {
        return RandomAffine.NONE.scale(1 - fraction, 1 + fraction);
    }

    /** Shears along x by up to {@code degrees} either way, below 90. */
    static Augment shear(double degrees) {
        return RandomAffine.NONE.shear(degrees);
    }

    /** Pads by {@code pad} black pixels on each side, then cuts out a picture of that size anywhere. */
    static Augment crop(int height, int width, int pad) {
        return new RandomCrop(height, width, pad);
    }

    /** Multiplies by 1 - change (not below 0) to 1 + change. */
    static Augment brightness(double change) {
        return new ColorJitter(change, 0, 0, 0);
    }

    /** Draws towards or away from the mean grey by 1 - change (not below 0) to 1 + change. */
    static Augment contrast(double change) {
        return new ColorJitter(0, change, 0, 0);
    }

    /** Brightness, contrast, saturation and hue, in random order. */
    static Augment colorJitter(double brightness, double contrast, double saturation, double hue) {
        return new ColorJitter(brightness, contrast, saturation, hue);
    }

    /** Fills a random rectangle of 2 to 33 % of the area with probability {@code p}. */
    static Augment erase(double p) {
        return new RandomErasing(p);
    }

    /** Blackens a square of {@code size} pixels about a random pixel, cut off at the border (DeVries, Taylor, 2017). */
    static Augment cutout(int size) {
        return new Cutout(size);
    }
}
