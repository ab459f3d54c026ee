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
 * index; backward by columns, so that each sum is taken in the order of the indices whatever the threads.
 */
final class SimdEmbedding implements Kernel, Task {
    /** Columns a thread adds to at a time: four cache lines. */
    private static final int STRIP = 64;

    private final EmbeddingSpec spec;
    private final boolean forward;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;

    private SimdEmbedding(EmbeddingSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.forward = spec.direction() == Direction.FORWARD;
        boolean small = spec.count() * spec.dim() <= Elementwise.PIECE;
        this.perPiece = forward ? Math.max(1, Elementwise.PIECE / spec.dim()) : small ? spec.dim() : STRIP;
        long extent = forward ? spec.count() : spec.dim();
        this.pieces = Math.toIntExact((extent + perPiece - 1) / perPiece);
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
        } else {
            int width = (int) Math.min(perPiece, dim - from);
            for (long i = 0; i < spec.count(); i++) {
                long row = (long) Raw.i32(frame[0], i) * dim + from;
                add(frame[1] + (i * dim + from) * 4, frame[2] + row * 4, width);
            }
        }
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

    private static void add(long src, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            store(dst + i * 4L, load(dst + i * 4L).add(load(src + i * 4L)));
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(dst, i, Raw.f32(dst, i) + Raw.f32(src, i));
        }
    }
}
