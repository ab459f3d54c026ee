package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * CIFAR-100 in its binary version: {@code train.bin}, {@code test.bin}, and the names of the classes in
 * {@code fine_label_names.txt} and {@code coarse_label_names.txt}. A record is 3,074 bytes: one of 20 coarse labels, one
 * of 100 fine labels, then 32x32 red, green and blue planes, row by row. The planes are interleaved to NHWC here.
 */
public final class Cifar100 {
    /** Twice as many as the real training file has, 307 MB. */
    private static final int MAX_RECORDS = 100_000;

    private static final int MAX_NAMES_BYTES = 1 << 16;

    /** Which of an image's two labels to learn. */
    public enum Labels {
        /** 20 groups of five classes each. */
        COARSE(20, "coarse_label_names.txt"),
        /** 100 classes. */
        FINE(100, "fine_label_names.txt");

        private final int classes;
        private final String names;

        Labels(int classes, String names) {
            this.classes = classes;
            this.names = names;
        }
    }

    private Cifar100() {}

    /**
     * Reads a folder.
     *
     * @throws java.nio.file.NoSuchFileException naming every missing file
     * @throws FormatException when a file is not whole records with labels in range, or not one name for each class
     */
    public static ImageData load(Path folder, Labels labels) throws IOException {
        List<Path> files =
                DataFolder.find("cifar100", folder, List.of("train.bin", "test.bin", labels.names), List.of(""));
        CifarFiles format = new CifarFiles(2, labels.ordinal(), labels.classes, MAX_RECORDS);
        List<String> names = names(files.get(2), labels.classes);
        return ImageData.of("cifar100", format.read(files.subList(0, 1)), format.read(files.subList(1, 2)), names);
    }

    private static List<String> names(Path file, int classes) throws IOException {
        try (FileChannel channel = InputFile.open(file)) {
            if (channel.size() > MAX_NAMES_BYTES) {
                throw new FormatException(file, MAX_NAMES_BYTES, "is too large for a list of class names");
            }
            byte[] bytes = new byte[(int) channel.size()];
            InputFile.readFully(channel, ByteBuffer.wrap(bytes), 0, file);
            List<String> names = new String(bytes, StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
            if (names.size() != classes) {
                throw new FormatException(
                        file,
                        bytes.length,
                        "has " + names.size() + " names, one for each of " + classes + " is needed");
            }
            return names;
        }
    }
}
