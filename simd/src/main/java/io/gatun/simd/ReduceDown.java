package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * Sums down columns: the last run is kept, all reduced ones lie before it. The rows that go into one result are counted
 * through in memory order and cut into chunks of 1,024, at most 138 additions deep ({@link ColumnSums}); the sums of the
 * chunks are added in double in their order. All by the problem, so the bits do not depend on the threads.
 */
final class ReduceDown implements Task {
    private static final int CHUNK = 1024;
    /** Columns of a unit: a row's 16 KB, so that few wide rows are shared too. */
    private static final int STRIP = 4096;

    // Places in the frame behind the plan's own, whichever plan sums.
    private static final int FROM = 16;
    private static final int TO = 17;
    private static final int SPACE = 18;

    private final boolean squares;
    private final double divisor;
    private final int cols;
    /** Runs other than the columns and the reduced one just before them: lengths and strides in bytes, outermost first. */
    private final long[] kept;

    private final long[] keptStride;
    private final long[] reduced;
    private final long[] reducedStride;
    /** Length of that reduced run: as many rows lie next to each other. */
    private final long together;

    private final long outer;
    private final long rows;
    private final long chunks;
    private final int strips;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;
    private final Task joining = this::join;

    ReduceDown(ReduceRuns runs, boolean squares, double divisor, Workers workers) {
        this.squares = squares;
        this.divisor = divisor;
        this.workers = workers;
        this.cols = (int) runs.inner();
        int last = runs.lengths().length - 1;
        this.together = last == 0 ? 1 : runs.lengths()[last - 1];
        int keptRuns = Math.max(0, last / 2);
        int reducedRuns = Math.max(0, (last - 1) / 2);
        this.kept = new long[keptRuns];
        this.keptStride = new long[keptRuns];
        this.reduced = new long[reducedRuns];
        this.reducedStride = new long[reducedRuns];
        long keptProduct = 1;
        long reducedProduct = 1;
        for (int run = 0, k = 0, r = 0; run < last - 1; run++) {
            long length = runs.lengths()[run];
            if (runs.reduced(run)) {
                reduced[r] = length;
                reducedStride[r++] = runs.stride(run) * 4;
                reducedProduct *= length;
            } else {
                kept[k] = length;
                keptStride[k++] = runs.stride(run) * 4;
                keptProduct *= length;
            }
        }
        this.outer = keptProduct;
        this.rows = reducedProduct * together;
        this.chunks = Math.max(1, (rows + CHUNK - 1) / CHUNK);
        this.strips = (cols + STRIP - 1) / STRIP;
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, Math.min(rows, CHUNK) * Math.min(cols, STRIP)));
        this.pieces = Math.toIntExact((outer * chunks * strips + perPiece - 1) / perPiece);
    }

    /** A row of partial sums for each chunk. */
    long scratchBytes() {
        return chunks == 1 ? 0 : outer * chunks * cols * 4;
    }

    void execute(long[] frame, long src, long dst, long scratch) {
        frame[FROM] = src;
        frame[TO] = dst;
        frame[SPACE] = chunks == 1 ? dst : scratch;
        workers.runApart(pieces, this, frame);
        if (chunks > 1) {
            workers.runApart(Math.toIntExact(outer * strips), joining, frame);
        }
    }

    /** Units count strips fastest, then chunks. */
    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(outer * chunks * strips, (index + 1L) * perPiece);
        for (long unit = index * perPiece; unit < to; unit++) {
            long partial = unit / strips;
            int from = (int) (unit % strips) * STRIP;
            int width = Math.min(STRIP, cols - from);
            long out = frame[SPACE] + (partial * cols + from) * 4;
            long src = frame[FROM] + offset(partial / chunks, kept, keptStride) + from * 4L;
            chunk(src, partial % chunks * CHUNK, width, out);
            if (chunks == 1 && divisor != 1) {
                divide(out, width);
            }
        }
    }

    private void chunk(long src, long row, int width, long out) {
        long end = Math.min(rows, row + CHUNK);
        Pack.zero(out, width);
        while (row < end) {
            long first = row % together;
            long n = Math.min(together - first, end - row);
            long at = src + offset(row / together, reduced, reducedStride) + first * cols * 4;
            ColumnSums.add(squares, at, n, cols * 4L, width, out);
            row += n;
        }
    }

    private static long offset(long index, long[] lengths, long[] strides) {
        long offset = 0;
        for (int i = lengths.length - 1; i >= 0; i--) {
            offset += index % lengths[i] * strides[i];
            index /= lengths[i];
        }
        return offset;
    }

    /** No more than 1,024 rows: the quotient in float is the one in double, rounded. */
    private void divide(long out, int width) {
        for (int c = 0; c < width; c++) {
            Raw.f32(out, c, Raw.f32(out, c) / (float) divisor);
        }
    }

    /** One number for each 1,024 read, so scalar. */
    private void join(long[] frame, int index, int worker) {
        int from = index % strips * STRIP;
        int to = Math.min(cols, from + STRIP);
        long o = index / strips;
        for (int c = from; c < to; c++) {
            double sum = 0;
            for (long k = 0; k < chunks; k++) {
                sum += Raw.f32(frame[SPACE], (o * chunks + k) * cols + c);
            }
            Raw.f32(frame[TO], o * cols + c, (float) (sum / divisor));
        }
    }
}
