package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.Indices;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;

/**
 * Gather and scatter-add of table rows: 4 B read and 4 B written an element forward, 8 and 4 backward. Forward is cut by
 * index. Backward a thread has rows of its own, or columns where rows are few and one may have most of the indices: either
 * way a sum is taken in the order of the indices, and its bits are the same. What a thread reads should be long: of a copy,
 * 2,048 rows of 512 reach 0.53 in strips of 64 columns, 0.94 in halves and 1.19 as whole rows (two threads, in L3).
 */
final class SimdEmbedding implements Kernel, Task {
    /** Columns of a piece at least: four cache lines. */
    private static final int STRIP = 64;

    private static final int LINE = 16;

    /** Rows of the table for each thread from which they are expected to share the indices evenly. */
    private static final int MANY = 64;

    private final EmbeddingSpec spec;
    private final boolean forward;
    /** Whether a piece of the backward pass is some of the rows, all of their columns. */
    private final boolean byRows;

    /** Indices, or columns. */
    private final long perPiece;

    private final int pieces;
    private final Workers workers;
    // No constant: C2 makes counted loops of steps by constants, and guards before each: 0.91 of a copy, not 0.97.
    private final long vectorBytes = Lanes.BYTES;

    private SimdEmbedding(EmbeddingSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.forward = spec.direction() == Direction.FORWARD;
        int dim = spec.dim();
        int threads = spec.count() * dim <= Elementwise.PIECE ? 1 : workers.threads();
        this.byRows = !forward && spec.vocabulary() / MANY >= threads;
        if (forward) {
            this.perPiece = Math.max(1, Elementwise.PIECE / dim);
            this.pieces = Math.toIntExact(Math.ceilDiv(spec.count(), perPiece));
        } else if (byRows) {
            this.perPiece = dim;
            this.pieces = threads;
        } else {
            long share = (long) Math.ceilDiv(Math.ceilDiv(dim, threads), LINE) * LINE;
            this.perPiece = Math.max(STRIP, share);
            this.pieces = Math.toIntExact(Math.ceilDiv(dim, perPiece));
        }
    }

    static Offer offer(EmbeddingSpec spec, Workers workers) {
        return Offer.of(new SimdEmbedding(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:embedding";
    }

    @Override
    public void execute(long[] frame) {
        Indices.vocabulary(spec, frame[0]);
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        int dim = spec.dim();
        long from = index * perPiece;
        if (forward) {
            long to = Math.min(spec.count(), from + perPiece);
            for (long i = from; i < to; i++) {
                copy(frame[1] + (long) Raw.i32(frame[0], i) * dim * 4, frame[2] + i * dim * 4, dim);
            }
        } else if (byRows) {
            for (long i = 0; i < spec.count(); i++) {
                int row = Raw.i32(frame[0], i);
                if (owner(row) == index) {
                    add(frame[1] + i * dim * 4, frame[2] + (long) row * dim * 4, dim);
                }
            }
        } else {
            int width = (int) Math.min(perPiece, dim - from);
            for (long i = 0; i < spec.count(); i++) {
                long row = (long) Raw.i32(frame[0], i) * dim + from;
                add(frame[1] + (i * dim + from) * 4, frame[2] + row * 4, width);
            }
        }
    }

    /** The piece of a row: by a hash (Knuth's), for the frequent words may be neighbours, or the even ones. */
    private int owner(int row) {
        return (int) ((row * 0x9E3779B1L & 0xFFFF_FFFFL) * pieces >>> 32);
    }

    private static void copy(long src, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            store(dst + i * 4L, load(src + i * 4L));
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(dst, i, Raw.f32(src, i));
        }
    }

    private void add(long src, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        long step = vectorBytes;
        long across = dst - src;
        long end = src + whole * 4L;
        for (long at = src; at < end; at += step) {
            store(at + across, load(at + across).add(load(at)));
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(dst, i, Raw.f32(dst, i) + Raw.f32(src, i));
        }
    }
}
