package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/**
 * Cuts out a part of random area and proportions and resizes it, by torchvision's rule: ten tries, then the middle. In
 * an evaluation: the shorter side resized, and the middle cut out.
 *
 * @param height of the result
 * @param width of the result
 * @param scaleLow least share of the area, above 0
 * @param scaleHigh greatest share of the area, at most 1
 * @param ratioLow least width / height, above 0
 * @param ratioHigh greatest width / height
 */
public record RandomResizedCrop(
        int height, int width, double scaleLow, double scaleHigh, double ratioLow, double ratioHigh)
        implements Augment {

    /** @throws IllegalArgumentException when a value is out of its range */
    public RandomResizedCrop {
        Resize.to(height, width);
        Probability.requireRange("a share of the area", scaleLow, scaleHigh, 0);
        Probability.require("a share of the area", scaleHigh);
        Probability.requireRange("a ratio of the sides", ratioLow, ratioHigh, 0);
    }

    /** A square of 8 % to all of the area, proportions 3:4 to 4:3: torchvision's defaults. */
    public static RandomResizedCrop of(int size) {
        return new RandomResizedCrop(size, size, 0.08, 1, 3.0 / 4, 4.0 / 3);
    }

    /** A part of a picture. */
    record Part(int top, int left, int height, int width) {}

    Part draw(int imageHeight, int imageWidth, SplitMix random) {
        double area = (double) imageHeight * imageWidth;
        for (int i = 0; i < 10; i++) {
            double wanted = area * random.between(scaleLow, scaleHigh);
            double ratio = StrictMath.exp(random.between(StrictMath.log(ratioLow), StrictMath.log(ratioHigh)));
            int w = (int) Math.rint(Math.sqrt(wanted * ratio));
            int h = (int) Math.rint(Math.sqrt(wanted / ratio));
            if (w > 0 && w <= imageWidth && h > 0 && h <= imageHeight) {
                int top = random.below(imageHeight - h + 1);
                return new Part(top, random.below(imageWidth - w + 1), h, w);
            }
        }
        double ratio = (double) imageWidth / imageHeight;
        int w = imageWidth;
        int h = imageHeight;
        if (ratio < ratioLow) {
            h = Math.max((int) Math.rint(w / ratioLow), 1);
        } else if (ratio > ratioHigh) {
            w = Math.max((int) Math.rint(h * ratioHigh), 1);
        }
        return new Part((imageHeight - h) / 2, (imageWidth - w) / 2, h, w);
    }

    @Override
    public void apply(Image image, SplitMix random) {
        if (random != null) {
            augment(image, random);
            return;
        }
        double factor = Math.max((double) height / image.height(), (double) width / image.width());
        int h = Math.max((int) Math.rint(image.height() * factor), height);
        int w = Math.max((int) Math.rint(image.width() * factor), width);
        Resize.resize(image, 0, 0, image.height(), image.width(), h, w);
        new CenterCrop(height, width).apply(image, null);
    }

    @Override
    public void augment(Image image, SplitMix random) {
        Part part = draw(image.height(), image.width(), random);
        Resize.resize(image, part.top, part.left, part.height, part.width, height, width);
    }
}
