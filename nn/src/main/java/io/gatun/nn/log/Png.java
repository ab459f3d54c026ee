package io.gatun.nn.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Encodes 8-bit grey or RGB pixels as a PNG file (ISO/IEC 15948); ImageIO would bring the desktop module. */
public final class Png {
    private static final byte[] SIGNATURE = {(byte) 137, 80, 78, 71, 13, 10, 26, 10};

    private Png() {}

    /**
     * The bytes of a file.
     *
     * @param pixels {@code height x width x channels}, row-major
     * @param channels 1 for grey, 3 for red, green, blue
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public static byte[] encode(byte[] pixels, int height, int width, int channels) {
        if (channels != 1 && channels != 3) {
            throw new IllegalArgumentException("a PNG of " + channels + " channels; there are 1 (grey) or 3 (RGB)");
        }
        if (height < 1 || width < 1 || pixels.length != (long) height * width * channels) {
            throw new IllegalArgumentException(
                    pixels.length + " bytes are no picture of " + height + "x" + width + "x" + channels);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream(pixels.length / 2 + 64);
        png.writeBytes(SIGNATURE);
        // Bit depth 8, colour type 0 or 2, deflate, adaptive filters, no interlace.
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) 8)
                .put((byte) (channels == 1 ? 0 : 2))
                .array();
        chunk(png, "IHDR", header);
        chunk(png, "IDAT", deflate(rows(pixels, height, width * channels)));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    /** Each row behind the number of its filter: 0, none. */
    private static byte[] rows(byte[] pixels, int height, int bytes) {
        byte[] rows = new byte[height * (bytes + 1)];
        for (int row = 0; row < height; row++) {
            System.arraycopy(pixels, row * bytes, rows, row * (bytes + 1) + 1, bytes);
        }
        return rows;
    }

    private static byte[] deflate(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        try (Deflater deflater = new Deflater()) {
            deflater.setInput(bytes);
            deflater.finish();
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
        }
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(name);
        png.writeBytes(data);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
