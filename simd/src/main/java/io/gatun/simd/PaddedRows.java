package io.gatun.simd;

/**
 * Copies rows of an image's pixels, or of some of their channels, with zeros where they lie outside of it.
 *
 * @param height rows of the image
 * @param width pixels of a row
 * @param imageChannels of a pixel of the image
 * @param channels that are copied of it
 * @param strideY rows of the image from one that is copied to the next
 * @param strideX pixels, likewise
 * @param pitch pixels of a copied row
 */
record PaddedRows(int height, int width, int imageChannels, int channels, int strideY, int strideX, int pitch) {
    /**
     * Copies {@code rows} rows to {@code to}.
     *
     * @param image address of the first channel that is copied, of the first pixel
     * @param y the first row, which may lie above the image
     * @param x the first pixel, which may lie left of it
     */
    void copy(long image, int y, int x, int rows, long to) {
        int from = Math.clamp(Math.ceilDiv(-x, strideX), 0, pitch);
        int end = Math.clamp(Math.ceilDiv(width - x, strideX), from, pitch);
        long pixel = 4L * channels;
        long imagePixel = 4L * imageChannels;
        for (int r = 0; r < rows; r++, y += strideY, to += pitch * pixel) {
            if (y < 0 || y >= height) {
                Pack.zero(to, pitch * channels);
                continue;
            }
            Pack.zero(to, from * channels);
            long row = image + ((long) y * width + x) * imagePixel;
            if (strideX == 1 && channels == imageChannels) {
                Pack.move(row + from * pixel, to + from * pixel, (end - from) * channels);
            } else {
                for (int i = from; i < end; i++) {
                    Pack.move(row + i * strideX * imagePixel, to + i * pixel, channels);
                }
            }
            Pack.zero(to + end * pixel, (pitch - end) * channels);
        }
    }
}
