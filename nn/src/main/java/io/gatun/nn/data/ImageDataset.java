package io.gatun.nn.data;

import io.gatun.nn.data.image.Augment;
import io.gatun.nn.data.image.ImagePipeline;
import io.gatun.nn.data.image.ImageSource;
import java.util.Arrays;
import java.util.Objects;

/**
 * Labelled images: {@code pixels} is uint8 [N, H, W, C] without gaps, {@code labels} is int [N], each in
 * [0, classes). The arrays are held, not copied (CIFAR-10 is 150 MB), and nobody may change them afterwards; then the
 * set is safe to read from any thread.
 *
 * @param height H, at least 1
 * @param width W, at least 1
 * @param channels C, at least 1
 * @param classes number of classes, at least 1
 * @param pixels N·H·W·C bytes, read as 0..255
 * @param labels N class numbers
 */
public record ImageDataset(int height, int width, int channels, int classes, byte[] pixels, int[] labels) {

    /** @throws IllegalArgumentException when sizes do not fit together or a label is out of range */
    public ImageDataset {
        Objects.requireNonNull(pixels, "pixels");
        Objects.requireNonNull(labels, "labels");
        if (height < 1 || width < 1 || channels < 1 || classes < 1) {
            throw new IllegalArgumentException("image set of " + height + "x" + width + "x" + channels + " and "
                    + classes + " classes: every one must be at least 1");
        }
        long needed = (long) labels.length * height * width * channels;
        if (pixels.length != needed) {
            throw new IllegalArgumentException("image set [" + labels.length + ", " + height + ", " + width + ", "
                    + channels + "] needs " + needed + " bytes of pixels, got " + pixels.length);
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new IllegalArgumentException(
                        "label " + labels[i] + " of image " + i + " is not in 0.." + (classes - 1));
            }
        }
    }

    /** N, the number of images. */
    public int size() {
        return labels.length;
    }

    /** H·W·C, the bytes of one image. */
    public int imageBytes() {
        return height * width * channels;
    }

    /** The first {@code count} images as a set of their own (a copy), or this set when it is not larger. */
    public ImageDataset first(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count " + count + " must not be negative");
        }
        if (count >= size()) {
            return this;
        }
        return new ImageDataset(
                height,
                width,
                channels,
                classes,
                Arrays.copyOf(pixels, count * imageBytes()),
                Arrays.copyOf(labels, count));
    }

    /**
     * The images of these numbers, in this order, as a set of their own (a copy).
     *
     * @throws IndexOutOfBoundsException when a number is none
     */
    public ImageDataset select(int... images) {
        byte[] chosen = new byte[Math.multiplyExact(images.length, imageBytes())];
        int[] named = new int[images.length];
        for (int i = 0; i < images.length; i++) {
            named[i] = labels[images[i]];
            System.arraycopy(pixels, images[i] * imageBytes(), chosen, i * imageBytes(), imageBytes());
        }
        return new ImageDataset(height, width, channels, classes, chosen, named);
    }

    /**
     * The set as fields {@code images} f32 [H, W, C], standardized, and {@code labels} i32 [].
     *
     * @param augment for a training view; an evaluation never sees it
     * @throws IllegalArgumentException when the constants are for another number of channels
     */
    public Dataset samples(Standardization standardization, Augment augment) {
        return augment instanceof Augmentation simple
                ? new ImageSamples(this, standardization, simple)
                : new ImagePipeline(ImageSource.of(this), height, width, standardization, augment);
    }

    /** As above, without augmentation. */
    public Dataset samples(Standardization standardization) {
        return samples(standardization, Augmentation.NONE);
    }
}
