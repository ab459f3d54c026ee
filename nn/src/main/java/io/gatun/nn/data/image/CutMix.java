package io.gatun.nn.data.image;

import io.gatun.kernel.Shape;
import io.gatun.nn.data.SplitMix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Replaces a rectangle of each image of a training batch by that of the one before it (the last for the first), and its
 * label by both classes in proportion to the areas; the rectangle is one for each batch, of area 1 - λ before it is cut
 * off at the border, λ ~ Beta(α, α) (Yun et al., 2019). Fields as {@link Mixup}.
 */
public final class CutMix extends SoftLabels {
    /**
     * Mixes by rectangles.
     *
     * @param classes number of classes
     * @param alpha above 0; 1 is usual
     */
    public CutMix(int classes, double alpha) {
        super(classes, alpha);
    }

    @Override
    double mix(MemorySegment images, Shape shape, int size, double share, SplitMix random, float[] last) {
        int height = shape.dim(0);
        int width = shape.dim(1);
        int channels = shape.dim(2);
        int centreX = random.below(width);
        int centreY = random.below(height);
        double half = 0.5 * Math.sqrt(1 - share);
        int left = Math.max(centreX - (int) (half * width), 0);
        int top = Math.max(centreY - (int) (half * height), 0);
        int right = Math.min(centreX + (int) (half * width), width);
        int bottom = Math.min(centreY + (int) (half * height), height);
        long row = 4L * (right - left) * channels;
        long image = 4L * last.length;
        for (int y = top; y < bottom; y++) {
            int at = (y * width + left) * channels;
            // From behind, so that the one before is still as it was.
            for (int i = size - 1; i > 0; i--) {
                MemorySegment.copy(images, (i - 1) * image + 4L * at, images, i * image + 4L * at, row);
            }
            MemorySegment.copy(last, at, images, ValueLayout.JAVA_FLOAT, 4L * at, (right - left) * channels);
        }
        return 1 - (double) (right - left) * (bottom - top) / ((double) width * height);
    }
}
