package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * A grid of outputs that use the same taps: all outputs of a forward convolution, or every s-th pixel of diffSrc in the
 * backward of a convolution with stride s. Its taps, in the order in which they are summed, are cut into segments of
 * equal length (neighbouring taps of a row are one) and these into blocks of k.
 *
 * @param taps in summation order
 * @param blocks each block's walk through the window and a panel of one vector, two, …: [block][vectors - 1]
 * @param blockSteps k of all blocks but the last
 * @param originY first output row; the next is {@code strideY} further
 */
record ConvPhase(
        List<ConvTap> taps, Strides[][] blocks, int k, int blockSteps, int originY, int originX, int rows, int cols) {
    /** k of a block: the panel of 64 columns is 256 KB, a quarter of L2. */
    private static final int MAX_K = 1024;

    /**
     * Cuts the taps.
     *
     * @param depth channels of one group, the steps of one tap
     * @param wholePixels whether a tap's channels are all of a pixel, so that neighbours are one run
     */
    static ConvPhase of(
            List<ConvTap> taps,
            ConvWindow window,
            int depth,
            boolean wholePixels,
            Tiles tiles,
            Arena arena,
            int originY,
            int originX,
            int rows,
            int cols) {
        int run = wholePixels ? run(taps, window, depth) : 1;
        int steps = run * depth;
        int segments = taps.size() / run;
        int perBlock = Math.clamp(MAX_K / steps, 1, Math.max(1, segments));
        long offsets =
                segments == 0 ? 0 : arena.allocate(8L * (segments + 1), 8).address();
        for (int s = 0; s < segments; s++) {
            long offset = window.offset(taps.get(s * run));
            Raw.i32(offsets, 2L * s, (int) offset);
            Raw.i32(offsets, 2L * s + 1, (int) (offset >> 32));
        }
        Strides[][] blocks = new Strides[Math.ceilDiv(segments, perBlock)][tiles.widest()];
        for (int b = 0; b < blocks.length; b++) {
            int count = Math.min(perBlock, segments - b * perBlock);
            for (int v = 0; v < tiles.widest(); v++) {
                blocks[b][v] = new Strides(
                        4L * window.channels, 4, (v + 1) * Lanes.BYTES, steps, count, offsets + 8L * b * perBlock);
            }
        }
        return new ConvPhase(taps, blocks, taps.size() * depth, perBlock * steps, originY, originX, rows, cols);
    }

    /** The longest run of taps that follow each other in memory, if all taps fall into such runs. */
    static int run(List<ConvTap> taps, ConvWindow window, int depth) {
        for (int run = taps.size(); run > 1; run--) {
            if (taps.size() % run == 0 && run * depth <= MAX_K && allRuns(taps, window, depth, run)) {
                return run;
            }
        }
        return 1;
    }

    private static boolean allRuns(List<ConvTap> taps, ConvWindow window, int depth, int run) {
        for (int i = 0; i < taps.size(); i++) {
            if (i % run != 0 && window.offset(taps.get(i)) != window.offset(taps.get(i - 1)) + 4L * depth) {
                return false;
            }
        }
        return true;
    }
}
