package io.gatun.nn.data.image;

import io.gatun.kernel.Shape;
import io.gatun.nn.data.SplitMix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Replaces each image of a training batch by λ·x + (1 - λ)·x', where x' is the one before it (the last for the first),
 * and its label by the same mixture of the two classes; λ ~ Beta(α, α) for each batch (Zhang et al., 2018). Fields
 * {@code images} f32 [H, W, C] and {@code labels}, which become f32 [classes]: train with a loss that takes shares of
 * classes.
 */
public final class Mixup extends SoftLabels {
    /**
     * Mixes whole images.
     *
     * @param classes number of classes
     * @param alpha above 0; small ones mix little, 1 mixes by any share, 0.2 is usual
     */
    public Mixup(int classes, double alpha) {
        super(classes, alpha);
    }

    @Override
    double mix(MemorySegment images, Shape shape, int size, double share, SplitMix random, float[] last) {
        float own = (float) share;
        float others = (float) (1 - share);
        long elements = last.length;
        // From behind, so that the one before is still as it was.
        for (int i = size - 1; i > 0; i--) {
            for (long e = 0; e < elements; e++) {
                float value = images.getAtIndex(ValueLayout.JAVA_FLOAT, i * elements + e);
                float before = images.getAtIndex(ValueLayout.JAVA_FLOAT, (i - 1) * elements + e);
                images.setAtIndex(ValueLayout.JAVA_FLOAT, i * elements + e, own * value + others * before);
            }
        }
        for (int e = 0; e < elements; e++) {
            float value = images.getAtIndex(ValueLayout.JAVA_FLOAT, e);
            images.setAtIndex(ValueLayout.JAVA_FLOAT, e, own * value + others * last[e]);
        }
        return share;
    }
}
