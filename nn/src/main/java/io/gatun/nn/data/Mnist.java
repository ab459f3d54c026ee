package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * MNIST, or any set in its format (Fashion-MNIST): {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte},
 * {@code t10k-images-idx3-ubyte}, {@code t10k-labels-idx1-ubyte}, each plain or {@code .gz}. Images are 28x28x1.
 */
public final class Mnist {
    private static final int SIZE = 28;
    private static final int IMAGES_MAGIC = 0x803;
    private static final int LABELS_MAGIC = 0x801;
    private static final int CLASSES = 10;
    private static final List<String> FILES = List.of(
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

    private Mnist() {}

    /**
     * Reads the four files of a folder.
     *
     * @throws java.nio.file.NoSuchFileException naming every missing file
     * @throws FormatException when a file is not in IDX format, cut off, or longer than its header says
     */
    public static ImageData load(Path folder) throws IOException {
        List<Path> files = DataFolder.find("mnist", folder, FILES, List.of("", ".gz"));
        List<String> names =
                IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();
        return ImageData.of("mnist", read(files.get(0), files.get(1)), read(files.get(2), files.get(3)), names);
    }

    private static ImageDataset read(Path imageFile, Path labelFile) throws IOException {
        byte[] labelBytes;
        try (IdxStream stream = IdxStream.open(labelFile)) {
            labelBytes = stream.read(LABELS_MAGIC, 1);
        }
        int[] labels = new int[labelBytes.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = labelBytes[i] & 0xFF;
            if (labels[i] >= CLASSES) {
                throw new FormatException(labelFile, 8L + i, "label " + labels[i] + " is not in 0..9");
            }
        }
        try (IdxStream stream = IdxStream.open(imageFile)) {
            byte[] pixels = stream.read(IMAGES_MAGIC, 3, SIZE, SIZE);
            if (pixels.length != labels.length * SIZE * SIZE) {
                throw new FormatException(
                        imageFile,
                        4,
                        "holds " + pixels.length / (SIZE * SIZE) + " images, but " + labelFile.getFileName() + " has "
                                + labels.length + " labels");
            }
            return new ImageDataset(SIZE, SIZE, 1, CLASSES, pixels, labels);
        }
    }
}
