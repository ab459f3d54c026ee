package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Shears, rotates, scales and shifts a picture at random about its centre, in one bilinear resample. torchvision's
 * {@code RandomAffine}, except that shifts are not rounded to whole pixels.
 *
 * @param degrees rotation up to this either way, at least 0
 * @param shiftX up to this share of the width either way, 0 to 1
 * @param shiftY up to this share of the height either way, 0 to 1
 * @param scaleLow least scale, above 0
 * @param scaleHigh greatest scale
 * @param shear shear along x up to so many degrees either way, 0 to 89
 * @param border what comes in at the edges
 */
public record RandomAffine(
        double degrees, double shiftX, double shiftY, double scaleLow, double scaleHigh, double shear, Border border)
        implements Augment {
    /** Changes nothing. */
    public static final RandomAffine NONE = new RandomAffine(0, 0, 0, 1, 1, 0, Border.BLACK);

    /** @throws IllegalArgumentException when a value is out of its range */
    public RandomAffine {
        Probability.require("a shift's share of the width", shiftX);
        Probability.require("a shift's share of the height", shiftY);
        Probability.requireRange("a scale", scaleLow, scaleHigh, 0);
        if (!(degrees >= 0 && degrees <= 360) || !(shear >= 0 && shear < 90)) {
            throw new IllegalArgumentException(
                    "rotation by " + degrees + " and shear by " + shear + " degrees must be 0 to 360 and 0 to 89");
        }
    }

    /** As this, with that rotation. */
    public RandomAffine degrees(double value) {
        return new RandomAffine(value, shiftX, shiftY, scaleLow, scaleHigh, shear, border);
    }

    /** As this, with those shifts. */
    public RandomAffine shift(double x, double y) {
        return new RandomAffine(degrees, x, y, scaleLow, scaleHigh, shear, border);
    }

    /** As this, with that range of scales. */
    public RandomAffine scale(double low, double high) {
        return new RandomAffine(degrees, shiftX, shiftY, low, high, shear, border);
    }

    /** As this, with that shear. */
    public RandomAffine shear(double value) {
        return new RandomAffine(degrees, shiftX, shiftY, scaleLow, scaleHigh, value, border);
    }

    /** As this, with that border. */
    public RandomAffine border(Border value) {
        return new RandomAffine(degrees, shiftX, shiftY, scaleLow, scaleHigh, shear, value);
    }

    Affine draw(Image image, SplitMix random) {
        double angle = random.between(-degrees, degrees);
        double x = random.between(-shiftX, shiftX) * image.width();
        double y = random.between(-shiftY, shiftY) * image.height();
        double scale = random.between(scaleLow, scaleHigh);
        return Affine.of(angle, x, y, scale, random.between(-shear, shear));
    }

    @Override
    public void augment(Image image, SplitMix random) {
        draw(image, random).resample(image, border);
    }
}
