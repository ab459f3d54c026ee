package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.PermuteSpec;
import java.util.Arrays;
import jdk.incubator.vector.VectorMask;

/**
 * A copy with its axes reordered: 4 B read and 4 B written an element. After merging axes, either rows are copied whole,
 * or planes are transposed, the axis that is last in src against the one that is last in dst, in blocks of up to 64 KB and
 * there in tiles of a vector squared ({@link TransposeTile}): every cache line of 64 B is read and written as a whole.
 */
final class SimdPermute implements Kernel, Task {
    /**
     * Rows of a block: dst is written 2 KB at a time, src read in two lines. Of a copy, 1024 x 3072 reaches 0.75 so and 0.55
     * in squares of 128, 4096 x 4096 0.72 and 0.64, 3072 x 1024 0.54 and 0.43. What is left is the memory's: in another run
     * loads and stores of squares without shuffles reached 0.53 where squares reached 0.39, and in a third, through a buffer in
     * L2 with long runs on both sides, 0.66 to 0.56 on the first shape and 0.54 to 0.64 on the second.
     */
    private static final int HEIGHT = 512;

    /**
     * The axes that units count through, outermost first: those that are last neither in src nor in dst, then the blocks of
     * a plane or of a row. Lengths, and strides in bytes.
     */
    private final long[] extent;

    private final long[] srcStride;
    private final long[] dstStride;
    /** The plane: its rows lie {@code rowStep} bytes apart in src and side by side in dst, its columns the other way. */
    private final long rows;

    private final long rowStep;
    private final long cols;
    private final long colStep;
    private final boolean copy;
    /** Which of the axes counts strips of rows, -1 if there is one strip; whether the last counts blocks of columns. */
    private final int stripAxis;

    private final boolean blocked;
    /** Rows and columns of a block. */
    private final int height;

    private final int width;
    private final long units;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;

    private SimdPermute(MergedAxes axes, Workers workers) {
        long[] src = axes.strides(false);
        long[] dst = axes.strides(true);
        int lastSrc = src.length - 1;
        int lastDst = axes.order()[lastSrc];
        this.copy = lastSrc == lastDst;
        this.rows = copy ? 1 : axes.lengths()[lastDst];
        this.rowStep = src[lastDst] * 4;
        this.cols = axes.lengths()[lastSrc];
        this.colStep = dst[lastSrc] * 4;
        this.workers = workers;
        this.height = (int) Math.min(rows, HEIGHT);
        long across = Elementwise.PIECE / Math.max(1, height) / Lanes.COUNT * Lanes.COUNT;
        this.width = (int) Math.clamp(cols, 1, across);
        int[] others = Arrays.stream(axes.order())
                .filter(a -> a != lastSrc && a != lastDst)
                .toArray();
        // The last strip and the last block take what is left too, so that none is less than a tile unless all are.
        long strips = rows == 0 ? 0 : rows / height;
        long blocks = cols / width;
        long[] lengths = Arrays.copyOf(
                Arrays.stream(others).mapToLong(a -> axes.lengths()[a]).toArray(), others.length + 2);
        long[] srcs =
                Arrays.copyOf(Arrays.stream(others).mapToLong(a -> src[a] * 4).toArray(), others.length + 2);
        long[] dsts =
                Arrays.copyOf(Arrays.stream(others).mapToLong(a -> dst[a] * 4).toArray(), others.length + 2);
        int n = others.length;
        if (strips != 1) {
            lengths[n] = strips;
            srcs[n] = height * rowStep;
            dsts[n++] = height * 4L;
        }
        this.stripAxis = strips == 1 ? -1 : n - 1;
        // A last axis there must be.
        if (blocks != 1 || n == 0) {
            lengths[n] = blocks;
            srcs[n] = width * 4L;
            dsts[n++] = copy ? width * 4L : width * colStep;
        }
        this.blocked = blocks != 1;
        this.extent = Arrays.copyOf(lengths, n);
        this.srcStride = Arrays.copyOf(srcs, n);
        this.dstStride = Arrays.copyOf(dsts, n);
        this.units = Arrays.stream(extent).reduce(1, (a, b) -> a * b);
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, height * width));
        this.pieces = Math.toIntExact((units + perPiece - 1) / perPiece);
    }

    static Offer offer(PermuteSpec spec, Workers workers) {
        return Offer.of(new SimdPermute(MergedAxes.of(spec.shape(), spec.permutation()), workers));
    }

    @Override
    public String implementation() {
        return copy ? "simd:permute rows" : "simd:permute planes";
    }

    /** A column of tiles for each thread. */
    @Override
    public long scratchBytes() {
        return copy ? 0 : workers.threads() * TransposeTile.BYTES;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long unit = index * perPiece;
        long to = Math.min(units, unit + perPiece);
        int last = extent.length - 1;
        long scratch = frame[2] + worker * TransposeTile.BYTES;
        while (unit < to) {
            long src = frame[0];
            long dst = frame[1];
            long strip = 0;
            long rest = unit / extent[last];
            for (int axis = last - 1; axis >= 0; axis--) {
                long at = rest % extent[axis];
                rest /= extent[axis];
                src += at * srcStride[axis];
                dst += at * dstStride[axis];
                strip = axis == stripAxis ? at : strip;
            }
            // Along the last axis without divisions.
            long from = unit % extent[last];
            long n = Math.min(extent[last] - from, to - unit);
            unit += n;
            src += from * srcStride[last];
            dst += from * dstStride[last];
            if (copy && !blocked) {
                copies(src, srcStride[last], dst, dstStride[last], n, cols * 4);
                continue;
            }
            for (long at = from; at < from + n; at++, src += srcStride[last], dst += dstStride[last]) {
                long top = (stripAxis == last ? at : strip) * height;
                int high = (int) (rows - top < 2L * height ? rows - top : height);
                int wide = (int) (!blocked || at == extent[last] - 1 ? cols - (blocked ? at * width : 0) : width);
                if (copy) {
                    copies(src, 0, dst, 0, 1, wide * 4L);
                } else if (high < Lanes.COUNT || wide < Lanes.COUNT) {
                    pairs(src, dst, high, wide);
                } else {
                    tiles(src, dst, high, wide, scratch);
                }
            }
        }
    }

    /** The last tiles of a block end with it, and may overlap those before them. */
    private void tiles(long src, long dst, int high, int wide, long scratch) {
        int wholeRows = high - high % Lanes.COUNT;
        for (int c = 0; c < wide; c += Lanes.COUNT) {
            int col = Math.min(c, wide - Lanes.COUNT);
            long from = src + col * 4L;
            long to = dst + col * colStep;
            for (int row = 0; row < wholeRows; row += TransposeTile.TILES * Lanes.COUNT) {
                int tiles = Math.min(TransposeTile.TILES, (wholeRows - row) / Lanes.COUNT);
                TransposeTile.column(from + row * rowStep, rowStep, tiles, to + row * 4L, colStep, scratch);
            }
            if (wholeRows < high) {
                int row = high - Lanes.COUNT;
                TransposeTile.column(from + row * rowStep, rowStep, 1, to + row * 4L, colStep, scratch);
            }
        }
    }

    /** Planes narrower than a tile: two by two, so that half the loads and stores do. */
    private void pairs(long src, long dst, int high, int wide) {
        int evenRows = high & ~1;
        int evenCols = wide & ~1;
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
        for (int row = evenRows; row < high; row++) {
            for (int col = 0; col < wide; col++) {
                Raw.i32(dst + col * colStep, row, Raw.i32(src + row * rowStep, col));
            }
        }
        for (int col = evenCols; col < wide; col++) {
            for (int row = 0; row < evenRows; row++) {
                Raw.i32(dst + col * colStep, row, Raw.i32(src + row * rowStep, col));
            }
        }
    }

    /** {@code n} rows of {@code bytes}. */
    private static void copies(long src, long srcStep, long dst, long dstStep, long n, long bytes) {
        if (bytes < Lanes.BYTES) {
            VectorMask<Float> there = Lanes.first((int) (bytes / 4));
            for (long i = 0; i < n; i++) {
                Lanes.store(dst + i * dstStep, Lanes.load(src + i * srcStep, there), there);
            }
            return;
        }
        // The last vector of a row ends with it, and may overlap the one before.
        long last = bytes - Lanes.BYTES;
        for (long i = 0; i < n; i++) {
            long from = src + i * srcStep;
            long to = dst + i * dstStep;
            for (long k = 0; k < last; k += Lanes.BYTES) {
                Lanes.store(to + k, Lanes.load(from + k));
            }
            Lanes.store(to + last, Lanes.load(from + last));
        }
    }
}
