package io.gatun.nn.data;

import io.gatun.nn.data.image.Augment;
import java.util.List;

/**
 * A training set, its test set, what the classes are called, and the constants both are standardized by, which come
 * from the training set alone.
 *
 * @param name what {@code --data} called it, for messages
 * @param train what to learn from
 * @param test same image size and classes as {@code train}
 * @param classNames one name for each class
 * @param standardization constants of {@code train}
 */
public record ImageData(
        String name, ImageDataset train, ImageDataset test, List<String> classNames, Standardization standardization) {

    /** @throws IllegalArgumentException when train and test differ in image size or classes */
    public ImageData {
        classNames = List.copyOf(classNames);
        if (train.height() != test.height() || train.width() != test.width() || train.channels() != test.channels()) {
            throw new IllegalArgumentException("train images are " + shape(train) + " but test images are "
                    + shape(test) + ": both must be the same size");
        }
        if (train.classes() != test.classes() || classNames.size() != train.classes()) {
            throw new IllegalArgumentException("train has " + train.classes() + " classes, test " + test.classes()
                    + ", and there are " + classNames.size() + " class names: all must be equal");
        }
    }

    /** A pair whose constants are computed from {@code train}. */
    public static ImageData of(String name, ImageDataset train, ImageDataset test, List<String> classNames) {
        return new ImageData(name, train, test, classNames, Standardization.of(train));
    }

    /** The training images as {@code images} f32 [H, W, C], standardized, and {@code labels} i32 []. */
    public Dataset trainSamples(Augment augment) {
        return train.samples(standardization, augment);
    }

    /** The test images likewise, as they are. */
    public Dataset testSamples() {
        return test.samples(standardization);
    }

    private static String shape(ImageDataset set) {
        return set.height() + "x" + set.width() + "x" + set.channels();
    }
}
