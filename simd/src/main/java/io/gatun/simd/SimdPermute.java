package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.PermuteSpec;
import java.util.Arrays;

/**
 * A copy with its axes reordered: 4 B read and 4 B written an element. After merging axes, either rows are copied whole,
 * or planes are transposed: the axis that is last in src against the one that is last in dst, in tiles of 32 x 32 so that
 * every cache line is fetched once, two by two elements at a time so that half the loads and stores do.
 */
final class SimdPermute implements Kernel, Task {
    private static final int TILE = 32;

    /** Axes that are last neither in src nor in dst: length, and strides in bytes. */
    private final long[] extent;

    private final long[] srcStride;
    private final long[] dstStride;
    /** The plane: its rows lie {@code rowStep} bytes apart in src and side by side in dst, its columns the other way. */
    private final long rows;

    private final long rowStep;
    private final long cols;
    private final long colStep;
    private final boolean copy;
    private final long strips;
    private final long units;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;

    private SimdPermute(MergedAxes axes, Workers workers) {
        long[] src = axes.strides(false);
        long[] dst = axes.strides(true);
        int lastSrc = src.length - 1;
        int lastDst = axes.order()[lastSrc];
        int[] others = Arrays.stream(axes.order())
                .filter(a -> a != lastSrc && a != lastDst)
                .toArray();
        this.extent = Arrays.stream(others).mapToLong(a -> axes.lengths()[a]).toArray();
        this.srcStride = Arrays.stream(others).mapToLong(a -> src[a] * 4).toArray();
        this.dstStride = Arrays.stream(others).mapToLong(a -> dst[a] * 4).toArray();
        this.copy = lastSrc == lastDst;
        this.rows = copy ? 1 : axes.lengths()[lastDst];
        this.rowStep = src[lastDst] * 4;
        this.cols = axes.lengths()[lastSrc];
        this.colStep = dst[lastSrc] * 4;
        this.workers = workers;
        // One copied row of a piece at most, or 32 rows of a plane, is a unit.
        this.strips = copy ? (cols + Elementwise.PIECE - 1) / Elementwise.PIECE : (rows + TILE - 1) / TILE;
        this.units = Arrays.stream(extent).reduce(1, (a, b) -> a * b) * strips;
        long unit = copy ? Math.min(cols, Elementwise.PIECE) : Math.min(rows, TILE) * cols;
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, unit));
        this.pieces = Math.toIntExact((units + perPiece - 1) / perPiece);
    }

    static Offer offer(PermuteSpec spec, Workers workers) {
        return Offer.of(new SimdPermute(MergedAxes.of(spec.shape(), spec.permutation()), workers));
    }

    @Override
    public String implementation() {
        return copy ? "simd:permute rows" : "simd:permute planes";
    }

    @Override
    public void execute(long[] frame) {
        workers.run(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(units, (index + 1L) * perPiece);
        for (long unit = index * perPiece; unit < to; unit++) {
            long src = frame[0];
            long dst = frame[1];
            long rest = unit / strips;
            for (int axis = extent.length - 1; axis >= 0; axis--) {
                long at = rest % extent[axis];
                rest /= extent[axis];
                src += at * srcStride[axis];
                dst += at * dstStride[axis];
            }
            long strip = unit % strips;
            if (copy) {
                long from = strip * Elementwise.PIECE;
                copy(src + from * 4, dst + from * 4, Math.min(Elementwise.PIECE, cols - from));
            } else {
                long from = strip * TILE;
                transpose(src + from * rowStep, dst + from * 4, (int) Math.min(TILE, rows - from));
            }
        }
    }

    private static void copy(long src, long dst, long n) {
        long whole = Lanes.F.loopBound(n) * 4;
        for (long i = 0; i < whole; i += Lanes.BYTES) {
            Lanes.store(dst + i, Lanes.load(src + i));
        }
        for (long i = whole / 4; i < n; i++) {
            Raw.i32(dst, i, Raw.i32(src, i));
        }
    }

    /** {@code height} rows, all columns. */
    private void transpose(long src, long dst, int height) {
        for (long from = 0; from < cols; from += TILE) {
            int width = (int) Math.min(TILE, cols - from);
            tile(src + from * 4, dst + from * colStep, height, width);
        }
    }

    private void tile(long src, long dst, int height, int width) {
        int evenRows = height & ~1;
        int evenCols = width & ~1;
        for (int col = 0; col < evenCols; col += 2) {
            long top = src + col * 4L;
            long left = dst + col * colStep;
            for (int row = 0; row < evenRows; row += 2) {
                long a = Raw.i64(top + row * rowStep, 0);
                long b = Raw.i64(top + (row + 1) * rowStep, 0);
                Raw.i64(left + row * 4L, 0, (a & 0xFFFF_FFFFL) | (b << 32));
                Raw.i64(left + colStep + row * 4L, 0, (a >>> 32) | (b & 0xFFFF_FFFF_0000_0000L));
            }
        }
        edges(src, dst, height, width, evenRows, evenCols);
    }

    private void edges(long src, long dst, int height, int width, int evenRows, int evenCols) {
        for (int row = evenRows; row < height; row++) {
            for (int col = 0; col < width; col++) {
                Raw.i32(dst + col * colStep, row, Raw.i32(src + row * rowStep, col));
            }
        }
        for (int col = evenCols; col < width; col++) {
            for (int row = 0; row < evenRows; row++) {
                Raw.i32(dst + col * colStep, row, Raw.i32(src + row * rowStep, col));
            }
        }
    }
}
