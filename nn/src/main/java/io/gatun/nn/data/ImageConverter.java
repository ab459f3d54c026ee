package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Bytes to standardized floats, one image at a time: per value one table look-up (256 floats for each channel, 3 KiB,
 * always in L1) and one store; a row at a time goes off-heap. Allocates nothing. One for each thread.
 */
final class ImageConverter {
    private final int height;
    private final int width;
    private final int channels;
    private final byte[] pixels;
    private final float[] table;
    private final float[] row;
    private final ImageShift shift;

    ImageConverter(ImageDataset set, Standardization standardization, Augmentation augmentation) {
        height = set.height();
        width = set.width();
        channels = set.channels();
        pixels = set.pixels();
        row = new float[width * channels];
        shift = new ImageShift(augmentation);
        table = standardization.table();
    }

    /** Writes image {@code sample} of the set as float32 [H, W, C] at {@code byteAt}; augmented unless random is null. */
    void convert(int sample, SplitMix random, MemorySegment target, long byteAt) {
        shift.draw(random);
        int image = sample * height * width * channels;
        long rowBytes = 4L * row.length;
        for (int y = 0; y < height; y++) {
            int from = y + shift.top();
            if (from < 0 || from >= height) {
                black();
            } else {
                row(image + from * row.length, shift.left(), shift.mirrored());
            }
            MemorySegment.copy(row, 0, target, ValueLayout.JAVA_FLOAT, byteAt + y * rowBytes, row.length);
        }
    }

    /** Output column x shows input column x + left, mirrored afterwards. */
    private void row(int at, int left, boolean mirrored) {
        for (int x = 0, to = 0; x < width; x++) {
            int from = (mirrored ? width - 1 - x : x) + left;
            boolean inside = from >= 0 && from < width;
            int pixel = at + from * channels;
            for (int c = 0; c < channels; c++) {
                row[to++] = table[256 * c + (inside ? pixels[pixel + c] & 0xFF : 0)];
            }
        }
    }

    private void black() {
        for (int i = 0; i < row.length; i++) {
            row[i] = table[256 * (i % channels)];
        }
    }
}
