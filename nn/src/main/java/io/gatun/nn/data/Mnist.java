package io.gatun.nn.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * MNIST, or any set in its format (Fashion-MNIST): {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte},
 * {@code t10k-images-idx3-ubyte}, {@code t10k-labels-idx1-ubyte}, each plain or {@code .gz}. Images are 28x28x1.
 * {@link Idx} reads sets of other names, sizes and classes.
 */
public final class Mnist {
    private static final int SIZE = 28;
    private static final int CLASSES = 10;
    private static final List<String> FILES = List.of(
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

    private Mnist() {}

    /**
     * Reads the four files of a folder.
     *
     * @throws java.nio.file.NoSuchFileException naming every missing file
     * @throws io.gatun.nn.io.FormatException when a file is not in IDX format, cut off, or longer than its header says
     */
    public static ImageData load(Path folder) throws IOException {
        List<Path> files = DataFolder.find("mnist", folder, FILES, List.of("", ".gz"));
        List<String> names =
                IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();
        return ImageData.of("mnist", read(files.get(0), files.get(1)), read(files.get(2), files.get(3)), names);
    }

    private static ImageDataset read(Path images, Path labels) throws IOException {
        return Idx.read(images, labels, CLASSES, SIZE, SIZE);
    }
}
