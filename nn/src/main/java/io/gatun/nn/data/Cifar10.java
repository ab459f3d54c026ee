package io.gatun.nn.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * CIFAR-10 in its binary version: {@code data_batch_1.bin} … {@code data_batch_5.bin} and {@code test_batch.bin}. A
 * record is 3,073 bytes: a label 0..9, then 32x32 red, green and blue planes, row by row. The planes are interleaved
 * to NHWC here. Files of any number of records are taken, up to 100,000 each (the real ones have 10,000).
 */
public final class Cifar10 {
    /** Twice as many as the real files have, so that all together take at most 307 MB. */
    private static final CifarFiles FORMAT = new CifarFiles(1, 0, 10, 20_000);

    private static final List<String> CLASS_NAMES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");
    private static final List<String> FILES = List.of(
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
            "test_batch.bin");

    private Cifar10() {}

    /**
     * Reads the six files of a folder.
     *
     * @throws java.nio.file.NoSuchFileException naming every missing file
     * @throws io.gatun.nn.io.FormatException when a file is not whole records with labels 0..9
     */
    public static ImageData load(Path folder) throws IOException {
        List<Path> files = DataFolder.find("cifar10", folder, FILES, List.of(""));
        ImageDataset train = FORMAT.read(files.subList(0, files.size() - 1));
        ImageDataset test = FORMAT.read(files.subList(files.size() - 1, files.size()));
        return ImageData.of("cifar10", train, test, CLASS_NAMES);
    }
}
