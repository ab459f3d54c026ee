package io.gatun.nn.data.folder;

import io.gatun.nn.data.image.Image;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a JPEG wants to be shown, by its Exif tag 0x0112: cameras store what the sensor saw and note how they were held.
 *
 * @param transposed rows are columns
 * @param mirrored left and right are exchanged afterwards
 * @param turnedOver top and bottom are exchanged afterwards
 */
record Orientation(boolean transposed, boolean mirrored, boolean turnedOver) {
    private static final Orientation UPRIGHT = new Orientation(false, false, false);

    /** Of the values 1 to 8. */
    private static final Orientation[] KNOWN = {
        UPRIGHT,
        new Orientation(false, true, false),
        new Orientation(false, true, true),
        new Orientation(false, false, true),
        new Orientation(true, false, false),
        new Orientation(true, true, false),
        new Orientation(true, true, true),
        new Orientation(true, false, true),
    };

    private static final int START = 0xFFD8;
    private static final int EXIF_SEGMENT = 0xFFE1;
    private static final int SCAN = 0xFFDA;
    private static final int TAG = 0x0112;

    /** Upright where a file has no such tag, or a broken one. */
    static Orientation of(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        if (file.length < 4 || (bytes.getShort(0) & 0xFFFF) != START) {
            return UPRIGHT;
        }
        for (int at = 2; at + 4 <= file.length; ) {
            int marker = bytes.getShort(at) & 0xFFFF;
            int length = bytes.getShort(at + 2) & 0xFFFF;
            if (marker < 0xFF00 || marker == SCAN || length < 2 || at + 2 + length > file.length) {
                return UPRIGHT;
            }
            // "Exif\0\0", then a TIFF file of its own.
            if (marker == EXIF_SEGMENT && length >= 16 && bytes.getInt(at + 4) == 0x45786966) {
                return tiff(bytes.slice(at + 10, length - 8));
            }
            at += 2 + length;
        }
        return UPRIGHT;
    }

    private static Orientation tiff(ByteBuffer tiff) {
        tiff.order(tiff.getShort(0) == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = tiff.getInt(4) & 0xFFFFFFFFL;
        if (directory + 2 > tiff.limit()) {
            return UPRIGHT;
        }
        int entries = tiff.getShort((int) directory) & 0xFFFF;
        for (int i = 0; i < entries; i++) {
            long entry = directory + 2 + 12L * i;
            if (entry + 12 > tiff.limit()) {
                return UPRIGHT;
            }
            if ((tiff.getShort((int) entry) & 0xFFFF) == TAG) {
                int value = tiff.getShort((int) entry + 8) & 0xFFFF;
                return value >= 1 && value <= KNOWN.length ? KNOWN[value - 1] : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    void apply(Image image) {
        if (transposed) {
            transpose(image);
        }
        if (mirrored) {
            image.mirror();
        }
        if (turnedOver) {
            image.turnOver();
        }
    }

    private static void transpose(Image image) {
        int height = image.height();
        int width = image.width();
        int channels = image.channels();
        float[] src = image.values();
        float[] dst = image.target(width, height);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(src, (y * width + x) * channels, dst, (x * height + y) * channels, channels);
            }
        }
        image.swap(width, height);
    }
}
