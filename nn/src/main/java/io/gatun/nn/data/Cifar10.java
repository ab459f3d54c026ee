package io.gatun.nn.data;

import io.gatun.nn.io.FormatException;
import io.gatun.nn.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * CIFAR-10 in its binary version: {@code data_batch_1.bin} … {@code data_batch_5.bin} and {@code test_batch.bin}. A
 * record is 3,073 bytes: a label 0..9, then 32x32 red, green and blue planes, row by row. The planes are interleaved
 * to NHWC here. Files of any number of records are taken, up to 100,000 each (the real ones have 10,000).
 */
public final class Cifar10 {
    private static final int SIZE = 32;
    private static final int PLANE = SIZE * SIZE;
    private static final int RECORD = 1 + 3 * PLANE;
    /** Twice as many as the real files have, so that all together take at most 307 MB. */
    private static final int MAX_RECORDS = 20_000;

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
     * @throws FormatException when a file is not whole records with labels 0..9
     */
    public static ImageData load(Path folder) throws IOException {
        List<Path> files = DataFolder.find("cifar10", folder, FILES, List.of(""));
        ImageDataset train = read(files.subList(0, files.size() - 1));
        ImageDataset test = read(files.subList(files.size() - 1, files.size()));
        return ImageData.of("cifar10", train, test, CLASS_NAMES);
    }

    private static ImageDataset read(List<Path> files) throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        try {
            int records = 0;
            for (Path file : files) {
                channels.add(InputFile.open(file));
                records += records(file, channels.getLast().size());
            }
            byte[] pixels = new byte[records * 3 * PLANE];
            int[] labels = new int[records];
            int at = 0;
            for (int i = 0; i < files.size(); i++) {
                at = read(files.get(i), channels.get(i), pixels, labels, at);
            }
            return new ImageDataset(SIZE, SIZE, 3, CLASS_NAMES.size(), pixels, labels);
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    private static int records(Path file, long size) throws FormatException {
        if (size == 0) {
            throw new FormatException(file, 0, "the file is empty");
        }
        if (size % RECORD != 0) {
            throw new FormatException(
                    file,
                    size - size % RECORD,
                    "the last record is truncated or bytes follow it: " + size + " bytes are not a multiple of "
                            + RECORD);
        }
        if (size / RECORD > MAX_RECORDS) {
            throw new FormatException(
                    file, (long) MAX_RECORDS * RECORD, "there are more than " + MAX_RECORDS + " records");
        }
        return (int) (size / RECORD);
    }

    private static int read(Path file, FileChannel channel, byte[] pixels, int[] labels, int first) throws IOException {
        byte[] record = new byte[RECORD];
        int count = records(file, channel.size());
        for (int i = 0; i < count; i++) {
            long offset = (long) i * RECORD;
            InputFile.readFully(channel, ByteBuffer.wrap(record), offset, file);
            int label = record[0] & 0xFF;
            if (label >= CLASS_NAMES.size()) {
                throw new FormatException(file, offset, "label " + label + " of record " + i + " is not in 0..9");
            }
            labels[first + i] = label;
            int to = (first + i) * 3 * PLANE;
            for (int p = 1; p <= PLANE; p++) {
                pixels[to++] = record[p];
                pixels[to++] = record[p + PLANE];
                pixels[to++] = record[p + 2 * PLANE];
            }
        }
        return first + count;
    }
}
