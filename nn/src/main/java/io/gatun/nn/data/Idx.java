package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Pictures and labels in IDX files of unsigned bytes, each plain or {@code .gz}, as MNIST's: what sets with other file names,
 * sizes or classes are in (EMNIST, KMNIST, one's own). For MNIST's and Fashion-MNIST's own four files see {@link Mnist}.
 */
public final class Idx {
    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;

    private Idx() {}

    /**
     * Reads a set of grey pictures: [n, h, w], and a label for each, [n].
     *
     * @param classes labels are 0 to {@code classes} - 1
     * @throws java.nio.file.NoSuchFileException when a file is not there
     * @throws FormatException when a file is not in IDX format, cut off, longer than its header says or above 1 GiB, when a
     *     label is not below {@code classes}, or there are not as many labels as pictures
     */
    public static ImageDataset read(Path images, Path labels, int classes) throws IOException {
        return read(images, labels, classes, IdxStream.ANY, IdxStream.ANY);
    }

    /** Of that height and width. */
    static ImageDataset read(Path imageFile, Path labelFile, int classes, int height, int width) throws IOException {
        int[] labels = labels(labelFile, classes);
        int[] size = {height, width};
        try (IdxStream stream = IdxStream.open(imageFile)) {
            byte[] pixels = stream.read(IMAGES_MAGIC, 3, size);
            int found = pixels.length / (size[0] * size[1]);
            if (found != labels.length) {
                throw new FormatException(
                        imageFile,
                        4,
                        "holds " + found + " images, but " + labelFile.getFileName() + " has " + labels.length
                                + " labels");
            }
            return new ImageDataset(size[0], size[1], 1, classes, pixels, labels);
        }
    }

    private static int[] labels(Path file, int classes) throws IOException {
        byte[] bytes;
        try (IdxStream stream = IdxStream.open(file)) {
            bytes = stream.read(LABELS_MAGIC, 1);
        }
        int[] labels = new int[bytes.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = bytes[i] & 0xFF;
            if (labels[i] >= classes) {
                throw new FormatException(file, 8L + i, "label " + labels[i] + " is not in 0.." + (classes - 1));
            }
        }
        return labels;
    }
}
