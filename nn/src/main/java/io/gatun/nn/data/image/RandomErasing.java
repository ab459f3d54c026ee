package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;
import java.util.Arrays;

/**
 * Fills a random rectangle of a picture with one value (Zhong et al., 2017), by torchvision's rule.
 *
 * @param p probability, 0 to 1
 * @param scaleLow least share of the area, above 0
 * @param scaleHigh greatest share of the area, at most 1
 * @param ratioLow least height / width, above 0
 * @param ratioHigh greatest height / width
 * @param value before standardization: 0 is black; the mean of the training set is what 0 after it would be
 */
public record RandomErasing(double p, double scaleLow, double scaleHigh, double ratioLow, double ratioHigh, float value)
        implements Augment {

    /** @throws IllegalArgumentException when a value is out of its range */
    public RandomErasing {
        Probability.require("an erasing's probability", p);
        Probability.requireRange("a share of the area", scaleLow, scaleHigh, 0);
        Probability.require("a share of the area", scaleHigh);
        Probability.requireRange("a ratio of the sides", ratioLow, ratioHigh, 0);
    }

    /** With torchvision's defaults: 2 to 33 % of the area, sides 0.3 to 3.3, black. */
    public RandomErasing(double p) {
        this(p, 0.02, 0.33, 0.3, 3.3, 0);
    }

    @Override
    public void augment(Image image, SplitMix random) {
        if (!Probability.hits(random, p)) {
            return;
        }
        double area = (double) image.height() * image.width();
        for (int i = 0; i < 10; i++) {
            double wanted = area * random.between(scaleLow, scaleHigh);
            double ratio = StrictMath.exp(random.between(StrictMath.log(ratioLow), StrictMath.log(ratioHigh)));
            int h = (int) Math.rint(Math.sqrt(wanted * ratio));
            int w = (int) Math.rint(Math.sqrt(wanted / ratio));
            if (h > 0 && w > 0 && h < image.height() && w < image.width()) {
                int top = random.below(image.height() - h + 1);
                fill(image, top, random.below(image.width() - w + 1), h, w, value);
                return;
            }
        }
    }

    /** Fills the part of a rectangle that lies inside the picture. */
    static void fill(Image image, int top, int left, int height, int width, float value) {
        int firstColumn = Math.max(left, 0);
        int endColumn = Math.min(left + width, image.width());
        for (int y = Math.max(top, 0); y < Math.min(top + height, image.height()); y++) {
            int row = y * image.width();
            int channels = image.channels();
            Arrays.fill(image.values(), (row + firstColumn) * channels, (row + endColumn) * channels, value);
        }
    }
}
