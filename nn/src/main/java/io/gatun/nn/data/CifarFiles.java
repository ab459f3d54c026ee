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
 * Files of the CIFAR sets' binary versions: records of some label bytes, then 32x32 red, green and blue planes, row by
 * row. The planes are interleaved to NHWC here.
 *
 * @param labels label bytes of a record
 * @param used which of them is the label, from 0
 * @param classes labels are below that
 * @param mostRecords of one file
 */
record CifarFiles(int labels, int used, int classes, int mostRecords) {
    private static final int SIZE = 32;
    private static final int PLANE = SIZE * SIZE;

    /** All files as one set. */
    ImageDataset read(List<Path> files) throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        try {
            int records = 0;
            for (Path file : files) {
                channels.add(InputFile.open(file));
                records += records(file, channels.getLast().size());
            }
            byte[] pixels = new byte[records * 3 * PLANE];
            int[] found = new int[records];
            int at = 0;
            for (int i = 0; i < files.size(); i++) {
                at = read(files.get(i), channels.get(i), pixels, found, at);
            }
            return new ImageDataset(SIZE, SIZE, 3, classes, pixels, found);
        } finally {
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    private int record() {
        return labels + 3 * PLANE;
    }

    private int records(Path file, long size) throws FormatException {
        if (size == 0) {
            throw new FormatException(file, 0, "the file is empty");
        }
        if (size % record() != 0) {
            throw new FormatException(
                    file,
                    size - size % record(),
                    "the last record is truncated or bytes follow it: " + size + " bytes are not a multiple of "
                            + record());
        }
        if (size / record() > mostRecords) {
            throw new FormatException(
                    file, (long) mostRecords * record(), "there are more than " + mostRecords + " records");
        }
        return (int) (size / record());
    }

    private int read(Path file, FileChannel channel, byte[] pixels, int[] found, int first) throws IOException {
        byte[] record = new byte[record()];
        int count = records(file, channel.size());
        for (int i = 0; i < count; i++) {
            long offset = (long) i * record.length;
            InputFile.readFully(channel, ByteBuffer.wrap(record), offset, file);
            int label = record[used] & 0xFF;
            if (label >= classes) {
                throw new FormatException(
                        file, offset + used, "label " + label + " of record " + i + " is not in 0.." + (classes - 1));
            }
            found[first + i] = label;
            int to = (first + i) * 3 * PLANE;
            for (int p = labels; p < labels + PLANE; p++) {
                pixels[to++] = record[p];
                pixels[to++] = record[p + PLANE];
                pixels[to++] = record[p + 2 * PLANE];
            }
        }
        return first + count;
    }
}
