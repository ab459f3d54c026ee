package io.gatun.simd;

import io.gatun.memory.Raw;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * A grid of outputs that use the same taps, as {@link ConvPhase} has it, walked on the images themselves: near a border
 * the taps that fall into the padding are left out, so nothing is copied and nothing multiplied by a zero of the padding.
 * The taps are whole rows, so those in the image are a run of rows, and of each row a run.
 */
final class DepthwisePhase {
    final List<ConvTap> taps;
    final DepthwiseColumns columns;

    private final int originX;
    private final int rowTaps;
    private final int cols;
    private final int inHeight;
    private final int inWidth;
    private final int inStrideY;
    private final int inStrideX;
    private final long pixel;
    private final long outStep;
    private final long offsets;
    private final long blockBytes;

    /** Columns from {@code inner} to {@code innerEnd} see all taps of a row. */
    private final int inner;

    private final boolean triples;

    private final int innerEnd;

    /** The phase whose first output column is {@code originX}. */
    DepthwisePhase(
            List<ConvTap> taps,
            int channels,
            int inHeight,
            int inWidth,
            int inStrideY,
            int inStrideX,
            int originX,
            int outStrideX,
            int cols,
            Arena arena) {
        this.taps = taps;
        this.originX = originX;
        this.cols = cols;
        this.inHeight = inHeight;
        this.inWidth = inWidth;
        this.inStrideY = inStrideY;
        this.inStrideX = inStrideX;
        this.pixel = 4L * channels;
        this.outStep = pixel * outStrideX;
        this.rowTaps = (int) taps.stream().filter(t -> t.y() == taps.get(0).y()).count();
        this.columns = new DepthwiseColumns(channels, inStrideX * pixel, outStep, rowTaps);
        this.blockBytes = 4 * DepthwiseColumns.blockFloats(taps.size());
        this.offsets = arena.allocate(8L * taps.size() + 8, 8).address();
        for (int t = 0; t < taps.size(); t++) {
            Raw.i64(offsets, t, ((long) taps.get(t).y() * inWidth + taps.get(t).x()) * pixel);
        }
        this.triples = rowTaps == 3 && taps.get(1).x() - taps.get(0).x() == inStrideX;
        int low = rowTaps == 0 ? 0 : taps.get(0).x();
        int high = rowTaps == 0 ? 0 : taps.get(rowTaps - 1).x();
        this.inner = Math.clamp(Math.ceilDiv(-low, inStrideX), 0, cols);
        this.innerEnd = Math.clamp(Math.ceilDiv(inWidth - high, inStrideX), inner, cols);
    }

    /** Floats of its weights. */
    long weightFloats() {
        return Math.ceilDiv(columns.channels(), Lanes.COUNT) * DepthwiseColumns.blockFloats(taps.size());
    }

    /**
     * One row of outputs.
     *
     * @param y row of the grid
     * @param in the image that is read
     * @param out first pixel of the row that is written
     */
    void row(long in, int y, long w, long out) {
        int from = 0;
        while (from < taps.size() && taps.get(from).y() + (long) y * inStrideY < 0) {
            from += rowTaps;
        }
        int end = from;
        while (end < taps.size() && taps.get(end).y() + (long) y * inStrideY < inHeight) {
            end += rowTaps;
        }
        long corner = in + (long) y * inStrideY * inWidth * pixel;
        long to = out + originX * pixel;
        int x = 0;
        for (; x < inner; x++) {
            border(corner, x, w, from, end, to);
        }
        for (; x + 8 <= innerEnd; x += 8) {
            eight(corner, x, w, from, end, to);
        }
        if (x + 4 < innerEnd && innerEnd - inner >= 8) {
            eight(corner, innerEnd - 8, w, from, end, to);
            x = innerEnd;
        }
        for (; x + 4 <= innerEnd; x += 4) {
            four(corner, x, w, from, end, to);
        }
        if (x < innerEnd && innerEnd - inner >= 4) {
            four(corner, innerEnd - 4, w, from, end, to);
            x = innerEnd;
        }
        for (; x < cols; x++) {
            border(corner, x, w, from, end, to);
        }
    }

    private void eight(long corner, int x, long w, int from, int end, long to) {
        long in = corner + x * columns.inStep();
        if (triples) {
            DepthwiseTriples.eight(
                    columns, in, offsets, w, blockBytes, from, end - from, to + x * outStep, Lanes.BYTES);
        } else {
            columns.eight(in, offsets, w, blockBytes, from, end - from, to + x * outStep, Lanes.BYTES);
        }
    }

    private void four(long corner, int x, long w, int from, int end, long to) {
        long in = corner + x * columns.inStep();
        if (triples) {
            DepthwiseTriples.four(columns, in, offsets, w, blockBytes, from, end - from, to + x * outStep, Lanes.BYTES);
        } else {
            columns.four(in, offsets, w, blockBytes, from, end - from, to + x * outStep, Lanes.BYTES);
        }
    }

    /** A column that may see a part of each row of taps. */
    private void border(long corner, int x, long w, int from, int end, long to) {
        int first = 0;
        while (first < rowTaps && taps.get(first).x() + (long) x * inStrideX < 0) {
            first++;
        }
        int last = first;
        while (last < rowTaps && taps.get(last).x() + (long) x * inStrideX < inWidth) {
            last++;
        }
        int rows = last == first ? 0 : (end - from) / rowTaps;
        long in = corner + x * columns.inStep();
        columns.one(in, offsets, w, blockBytes, from + first, rows, last - first, to + x * outStep, Lanes.BYTES);
    }
}
