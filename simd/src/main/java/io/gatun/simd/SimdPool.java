package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.kernel.Plan;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.PoolSpec.Op;
import io.gatun.spec.ReduceSpec;
import java.lang.invoke.MethodHandles;

/**
 * Pooling over NHWC images, a row of pixels at a time, lanes are channels: strips of four vectors, which share the address
 * arithmetic and index of a cell, then single vectors, then the channels that fill none. Each is a loop of its own over the
 * row, because together they are more than C2 inlines. The usual windows have kernels of their own, which know how many
 * cells a window has: 3 x 3 with stride 2 ({@link PoolMaxRows}, {@link PoolMaxPairs}) and 2 x 2 ({@link PoolMaxSquares},
 * {@link PoolMaxSquaresBackward}).
 */
abstract class SimdPool implements Kernel, Task {
    static final int STRIP = 4 * Lanes.COUNT;

    /**
     * Bytes of input from which {@link #touch} pays: a window's cells lie in as many streams as it has rows and columns, which
     * the prefetchers do not follow, and a core then waits for 20 lines at a time.
     */
    private static final long LARGE = 8_000_000;

    final PoolSpec spec;
    final PoolWindows windows;
    final int c;
    final int ow;
    /** Channels in strips, and channels in whole vectors. */
    final int inStrips;

    final int inVectors;
    /** Bytes of a strip and of a vector: no constants, for C2 makes counted loops with guards of loops by constants. */
    final long stripBytes;

    final long vectorBytes;
    private final RowLoop strips;
    private final RowLoop vectors;
    private final RowLoop rest;
    final int height;
    private final long rows;
    private final long rowsPerPiece;
    private final int pieces;
    final Workers workers;
    /** Whether rows of the input are read once in their order before they are needed window by window. */
    final boolean ahead;

    /** Each piece takes rows of the output in the forward and of the input in the backward direction. */
    SimdPool(MethodHandles.Lookup lookup, PoolSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.windows = new PoolWindows(spec);
        this.c = spec.c();
        this.ow = spec.ow();
        this.inStrips = c / STRIP * STRIP;
        this.inVectors = Lanes.F.loopBound(c);
        this.stripBytes = STRIP * 4L;
        this.vectorBytes = Lanes.BYTES;
        this.strips = new RowLoop(lookup, this, "strips");
        this.vectors = new RowLoop(lookup, this, "vectors");
        this.rest = new RowLoop(lookup, this, "remainder");
        boolean forward = spec.direction() == Direction.FORWARD;
        this.height = forward || byWindows() ? spec.oh() : spec.h();
        this.ahead = forward && !streams() && 4L * spec.n() * spec.h() * spec.w() * c > LARGE;
        int width = forward ? ow : spec.w();
        this.rows = width == 0 ? 0 : (long) spec.n() * height;
        long larger = Math.max((long) spec.h() * spec.w(), (long) spec.oh() * ow) * c;
        long work = Math.max(1, larger / Math.max(1, height));
        this.rowsPerPiece = Math.max(leastRows(), Elementwise.PIECE / work);
        this.pieces = Math.toIntExact((rows + rowsPerPiece - 1) / rowsPerPiece);
    }

    static Offer offer(PoolSpec spec, Workers workers) {
        boolean max = spec.op() == Op.MAX;
        if (spec.direction() == Direction.BACKWARD) {
            return Offer.of(max ? maxBackward(spec, workers) : new PoolAverageBackward(spec, workers));
        }
        if (max) {
            return Offer.of(max(spec, workers));
        }
        // One window without padding: a mean over rows of channels.
        return spec.kh() == spec.h() && spec.kw() == spec.w() && spec.ph() + spec.pb() + spec.pw() + spec.pr() == 0
                ? SimdReduce.offer(
                        new ReduceSpec(
                                ReduceSpec.Op.MEAN, Dims.of(spec.n(), spec.h() * spec.w(), spec.c()), Dims.of(1)),
                        workers)
                : Offer.of(new PoolAverage(spec, workers));
    }

    private static Kernel max(PoolSpec spec, Workers workers) {
        if (PoolMaxRows.suits(spec)) {
            return new PoolMaxRows(spec, workers);
        }
        return PoolMaxSquares.suits(spec) ? new PoolMaxSquares(spec, workers) : new PoolMax(spec, workers);
    }

    private static Kernel maxBackward(PoolSpec spec, Workers workers) {
        if (PoolMaxPairs.suits(spec)) {
            return new PoolMaxPairs(spec, workers);
        }
        return PoolMaxSquares.suits(spec)
                ? new PoolMaxSquaresBackward(spec, workers)
                : new PoolMaxBackward(spec, workers);
    }

    @Override
    public final void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public final void run(long[] frame, int index, int worker) {
        long from = index * rowsPerPiece;
        piece(frame, from, Math.min(rows, from + rowsPerPiece), worker);
    }

    /** Does rows {@code from} to {@code to}, counted through all images. */
    void piece(long[] frame, long from, long to, int worker) {
        for (long row = from; row < to; row++) {
            long n = row / height;
            int y = (int) (row % height);
            if (ahead) {
                lookAhead(frame, n, y, row == from);
            }
            row(frame, n, y);
        }
    }

    /** Reads the rows that the windows of row {@code y} are the first to need, all of them if {@code first}. */
    final void lookAhead(long[] frame, long n, int y, boolean first) {
        int fresh = first ? spec.kh() : spec.sh();
        int top = Math.max(windows.top(y), windows.bottom(y) - fresh);
        // The last slot of a frame is nobody's; what is read must go somewhere, or it would not be read.
        frame[Plan.FRAME - 1] = touch(frame[0] + n * srcImage(), top, windows.bottom(y));
    }

    /** Whether a row of the backward direction is one of windows, of which each writes its own cells, and not one of cells. */
    boolean byWindows() {
        return false;
    }

    /** Rows that a piece has at least. */
    int leastRows() {
        return 1;
    }

    /** Whether the loops read as much at a time as the prefetchers and the processor's own look-ahead want. */
    boolean streams() {
        return false;
    }

    /** Reads a word of each line of input rows {@code top} to {@code bottom}. */
    private int touch(long image, int top, int bottom) {
        long row = spec.w() * (c * 4L);
        int seen = 0;
        for (long at = image + top * row, end = image + bottom * row; at < end; at += 64) {
            seen ^= Raw.i32(at, 0);
        }
        return seen;
    }

    /** Calls {@link #loops} with the addresses of image {@code n} and of row {@code y} in it. */
    abstract void row(long[] frame, long n, int y);

    /** Runs the loop over the channels that fill no vector, if there are any. */
    final void rest(long a, long b, long c, int y) {
        if (inVectors < this.c) {
            rest.run(a, b, c, y);
        }
    }

    /** Runs the loops that this number of channels needs over row {@code y}. */
    final void loops(long a, long b, long c, int y) {
        if (inStrips > 0) {
            strips.run(a, b, c, y);
        }
        if (inStrips < inVectors) {
            vectors.run(a, b, c, y);
        }
        rest(a, b, c, y);
    }

    /** The same with one loop over all whole vectors. */
    final void loops(RowLoop whole, long a, long b, long c, int y) {
        if (inVectors > 0) {
            whole.run(a, b, c, y);
        }
        rest(a, b, c, y);
    }

    /** Whether windows lie side by side, without gaps, overlaps or padding. */
    static boolean tiled(PoolSpec spec) {
        return (spec.sh() == spec.kh() || spec.oh() == 1)
                && (spec.sw() == spec.kw() || spec.ow() == 1)
                && spec.oh() * spec.kh() == spec.h()
                && spec.ow() * spec.kw() == spec.w()
                && spec.ph() + spec.pb() + spec.pw() + spec.pr() == 0;
    }

    /** Bytes of an input image. */
    final long srcImage() {
        return (long) spec.h() * spec.w() * c * 4;
    }

    /** Bytes of an output image. */
    final long dstImage() {
        return (long) spec.oh() * ow * c * 4;
    }
}
