package io.gatun.simd;

import java.util.List;

/**
 * The input of a band of output rows, copied so that a convolution becomes a GEMM without im2col: padding is there as
 * zeros, and a strided image is split into its phases (even and odd columns, …), so that for every tap neighbouring
 * outputs read neighbouring pixels and all rows of the band are one run of pixels. A row has {@code pitch} pixels, a few
 * more than it has outputs; sums at those are computed and dropped.
 *
 * <p>The copy is 1/(kh·kw·oc/2) of the multiplications: 2 % for 16 channels and 3x3.
 */
final class ConvWindow {
    /** Bytes of a window: it stays in L2 beside a panel of weights. */
    private static final long TARGET = 192 * 1024;

    final int channels;
    final int pitch;
    final int bandRows;
    final int bands;

    private final PaddedRows padded;
    private final int strideY;
    private final int strideX;
    private final int firstY;
    private final int firstX;
    private final int phaseRows;
    private final int[] slots;
    private final int used;

    /**
     * @param height input rows
     * @param channels of a pixel of the window
     * @param imageChannels of a pixel of the image: the same or more
     * @param outRows rows of the output grid, at least 1
     * @param rowFlops work of one output row: bands are small enough to share and large enough to be worth it
     */
    ConvWindow(
            int height,
            int width,
            int channels,
            int imageChannels,
            int strideY,
            int strideX,
            int outRows,
            int outCols,
            double rowFlops,
            List<ConvTap> taps) {
        this.channels = channels;
        this.strideY = strideY;
        this.strideX = strideX;
        this.firstY = taps.stream().mapToInt(ConvTap::y).min().orElse(0);
        this.firstX = taps.stream().mapToInt(ConvTap::x).min().orElse(0);
        int haloX = taps.stream().mapToInt(this::shiftX).max().orElse(0);
        int haloY = taps.stream().mapToInt(this::shiftY).max().orElse(0);
        this.pitch = outCols + haloX;
        this.padded = new PaddedRows(height, width, imageChannels, channels, strideY, strideX, pitch);
        this.slots = new int[strideY * strideX];
        java.util.Arrays.fill(slots, -1);
        int count = 0;
        for (ConvTap tap : taps) {
            int phase = phase(tap);
            if (slots[phase] < 0) {
                slots[phase] = count++;
            }
        }
        this.used = count;
        long rowBytes = Math.max(1, 4L * pitch * channels * used);
        int fitting = Math.clamp(TARGET / rowBytes - haloY, 4, Integer.MAX_VALUE);
        int worth = (int) Math.clamp(Math.ceil(GemmBlocks.PIECE_FLOPS * 2 / rowFlops), 4, Integer.MAX_VALUE);
        this.bands = Math.ceilDiv(outRows, Math.min(fitting, worth));
        this.bandRows = Math.ceilDiv(outRows, bands);
        this.phaseRows = bandRows + haloY;
    }

    private int phase(ConvTap tap) {
        return (tap.y() - firstY) % strideY * strideX + (tap.x() - firstX) % strideX;
    }

    private int shiftY(ConvTap tap) {
        return (tap.y() - firstY) / strideY;
    }

    private int shiftX(ConvTap tap) {
        return (tap.x() - firstX) / strideX;
    }

    /** Bytes from an output's pixel to the pixel that a tap reads. */
    long offset(ConvTap tap) {
        long row = (long) slots[phase(tap)] * phaseRows + shiftY(tap);
        return 4 * (row * pitch + shiftX(tap)) * channels;
    }

    /** Floats of a window, with room for a tile that begins at the last pixel. */
    long floats() {
        return (long) used * phaseRows * pitch * channels + (long) (Tiles.TALLEST + pitch) * channels + Lanes.COUNT;
    }

    /** Copies the input of the band that begins at grid row {@code firstRow}. */
    void copy(long image, int firstRow, long to) {
        for (int phase = 0; phase < slots.length; phase++) {
            if (slots[phase] >= 0) {
                int y = firstRow * strideY + phase / strideX + firstY;
                long at = to + 4L * slots[phase] * phaseRows * pitch * channels;
                padded.copy(image, y, phase % strideX + firstX, phaseRows, at);
            }
        }
    }
}
