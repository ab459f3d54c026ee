package io.gatun.simd;

import io.gatun.spec.PoolSpec;
import io.gatun.spec.PoolSpec.Op;
import java.util.Arrays;

/**
 * Where the windows of a pool lie, clipped to the image, and which windows cover a cell. All in tables made once: each
 * needs a division, 10 to 20 cycles, about what a strip of channels costs.
 */
final class PoolWindows {
    private final int[] top;
    private final int[] bottom;
    private final int[] left;
    private final int[] right;
    /** By input row or column: the first window over it and one past the last. */
    private final int[] firstRow;

    private final int[] endRow;
    private final int[] firstCol;
    private final int[] endCol;
    /** By output row or column: which of the different heights and widths that count in the divisor the window has. */
    private final int[] kinds;

    private final int[] kindsAcross;
    private final int widths;
    /** By kind of height and kind of width, see {@link #high}. */
    private final float[] high;

    private final float[] low;

    PoolWindows(PoolSpec s) {
        boolean empty = s.n() == 0 || s.h() == 0 || s.w() == 0;
        int oh = empty ? 0 : s.oh();
        int ow = empty ? 0 : s.ow();
        this.top = new int[oh];
        this.bottom = new int[oh];
        int[] height = new int[oh];
        edges(top, bottom, height, s.sh(), s.ph(), s.kh(), s.h(), s.op() == Op.AVG ? -1 : s.h() + s.pb());
        this.left = new int[ow];
        this.right = new int[ow];
        int[] width = new int[ow];
        edges(left, right, width, s.sw(), s.pw(), s.kw(), s.w(), s.op() == Op.AVG ? -1 : s.w() + s.pr());
        int[] heights = Arrays.stream(height).distinct().sorted().toArray();
        int[] different = Arrays.stream(width).distinct().sorted().toArray();
        this.widths = different.length;
        this.kinds =
                Arrays.stream(height).map(k -> Arrays.binarySearch(heights, k)).toArray();
        this.kindsAcross =
                Arrays.stream(width).map(k -> Arrays.binarySearch(different, k)).toArray();
        this.high = new float[heights.length * widths];
        this.low = new float[high.length];
        for (int i = 0; i < high.length; i++) {
            double reciprocal = 1.0 / Math.max(1L, (long) heights[i / widths] * different[i % widths]);
            high[i] = Math.nextDown((float) reciprocal);
            low[i] = (float) (reciprocal - high[i]);
        }
        this.firstRow = new int[empty ? 0 : s.h()];
        this.endRow = new int[firstRow.length];
        over(firstRow, endRow, s.ph(), s.kh(), s.sh(), oh);
        this.firstCol = new int[empty ? 0 : s.w()];
        this.endCol = new int[firstCol.length];
        over(firstCol, endCol, s.pw(), s.kw(), s.sw(), ow);
    }

    /** {@code paddedEnd} is where the padding ends, -1 if it does not count. */
    private static void edges(
            int[] from, int[] to, int[] counted, int stride, int padding, int kernel, int size, int paddedEnd) {
        for (int i = 0; i < from.length; i++) {
            int start = i * stride - padding;
            from[i] = Math.max(0, start);
            to[i] = Math.min(size, start + kernel);
            counted[i] = paddedEnd < 0 ? to[i] - from[i] : Math.min(start + kernel, paddedEnd) - start;
        }
    }

    private static void over(int[] first, int[] end, int padding, int kernel, int stride, int windows) {
        for (int i = 0; i < first.length; i++) {
            int padded = i + padding;
            first[i] = padded < kernel ? 0 : (padded - kernel) / stride + 1;
            end[i] = Math.min(windows, padded / stride + 1);
        }
    }

    int top(int y) {
        return top[y];
    }

    int bottom(int y) {
        return bottom[y];
    }

    int left(int x) {
        return left[x];
    }

    int right(int x) {
        return right[x];
    }

    /** First output row whose window reaches input row {@code y}. */
    int firstRow(int y) {
        return firstRow[y];
    }

    /** One past the last. */
    int endRow(int y) {
        return endRow[y];
    }

    int firstCol(int x) {
        return firstCol[x];
    }

    int endCol(int x) {
        return endCol[x];
    }

    /**
     * The larger part of 1 / divisor of window (y, x). x / divisor is x · high + (x · low): two operations where a division
     * takes as long as four loads, and 1 / divisor to 48 bits, so rounded as the quotient is but for one in millions. Both
     * parts are above 0, so infinities stay.
     */
    float high(int y, int x) {
        return high[kinds[y] * widths + kindsAcross[x]];
    }

    /** What is missing in {@link #high}. */
    float low(int y, int x) {
        return low[kinds[y] * widths + kindsAcross[x]];
    }
}
