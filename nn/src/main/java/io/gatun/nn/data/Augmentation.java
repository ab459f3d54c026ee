package io.gatun.nn.data;

import io.gatun.nn.data.image.Augment;
import io.gatun.nn.data.image.Image;

/**
 * Shift and mirror, which is what small pictures are usually augmented by. {@link ImageDataset#samples} does both while
 * it converts bytes, without a picture of floats in between.
 *
 * @param pad the image is shifted by up to this many pixels each way, black coming in at the border; 0 for none. The
 *     same as padding by {@code pad} and cropping at random
 * @param flip mirror left and right with probability one half
 */
public record Augmentation(int pad, boolean flip) implements Augment {
    /** Images as they are: for evaluation. */
    public static final Augmentation NONE = new Augmentation(0, false);

    /** Mirroring alone: for {@link ShapesImages}, which is rendered at random places already. */
    public static final Augmentation FLIP = new Augmentation(0, true);

    /** Pad-4 crop and flip, as is usual for CIFAR. */
    public static final Augmentation CIFAR = new Augmentation(4, true);

    /** @throws IllegalArgumentException when {@code pad} is negative */
    public Augmentation {
        if (pad < 0) {
            throw new IllegalArgumentException("augmentation pad " + pad + " must not be negative");
        }
    }

    @Override
    public void augment(Image image, SplitMix random) {
        if (pad == 0 && !flip) {
            return;
        }
        ImageShift shift = new ImageShift(this);
        shift.draw(random);
        image.crop(shift.top(), shift.left(), image.height(), image.width());
        if (shift.mirrored()) {
            image.mirror();
        }
    }
}
