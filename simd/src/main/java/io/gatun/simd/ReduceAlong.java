package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * Sums of rows of consecutive elements, one number each. Rows longer than a piece are cut into chunks whose sums are added
 * in double in their order; short ones are folded {@link Lanes#COUNT} at a time.
 */
final class ReduceAlong implements Task {
    // Places in the frame behind the plan's own, whichever plan sums.
    private static final int FROM = 16;
    private static final int TO = 17;
    private static final int SPACE = 18;

    private final boolean squares;
    private final double divisor;
    private final long rows;
    private final long length;
    private final long chunks;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;

    ReduceAlong(ReduceRuns runs, boolean squares, double divisor, Workers workers) {
        this.squares = squares;
        this.divisor = divisor;
        this.workers = workers;
        this.rows = runs.rows();
        this.length = runs.inner();
        this.chunks = Math.max(1, (length + Elementwise.PIECE - 1) / Elementwise.PIECE);
        long some = Math.max(1, Elementwise.PIECE / Math.max(1, length));
        this.perPiece = chunks > 1 ? 1 : (some + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
        this.pieces = Math.toIntExact((rows * chunks + perPiece - 1) / perPiece);
    }

    /** The sum of each chunk, or for each thread the vectors that are folded together. */
    long scratchBytes() {
        return chunks > 1 ? rows * chunks * 8 : workers.threads() * Lanes.COUNT * Lanes.BYTES;
    }

    void execute(long[] frame, long src, long dst, long scratch) {
        frame[FROM] = src;
        frame[TO] = dst;
        frame[SPACE] = scratch;
        workers.runApart(pieces, this, frame);
        if (chunks > 1) {
            for (long row = 0; row < rows; row++) {
                double sum = 0;
                for (long k = 0; k < chunks; k++) {
                    sum += Raw.f64(scratch, row * chunks + k);
                }
                Raw.f32(dst, row, (float) (sum / divisor));
            }
        }
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        if (chunks > 1) {
            long from = index % chunks * Elementwise.PIECE;
            long src = frame[FROM] + (index / chunks * length + from) * 4;
            Raw.f64(frame[SPACE], index, sum(src, Math.min(Elementwise.PIECE, length - from)));
            return;
        }
        long row = index * perPiece;
        long to = Math.min(rows, row + perPiece);
        long dst = frame[TO];
        if (length <= Sums.BLOCK) {
            long lanes = frame[SPACE] + worker * (Lanes.COUNT * Lanes.BYTES);
            for (; row + Lanes.COUNT <= to; row += Lanes.COUNT) {
                Sums.rows(squares, frame[FROM] + row * length * 4, (int) length, lanes, dst + row * 4);
                divide(dst + row * 4);
            }
        }
        for (; row < to; row++) {
            Raw.f32(dst, row, (float) (sum(frame[FROM] + row * length * 4, length) / divisor));
        }
    }

    private double sum(long src, long n) {
        return Sums.sum(squares ? Sums.Term.SQUARE : Sums.Term.VALUE, src, src, n);
    }

    private void divide(long dst) {
        if (divisor != 1) {
            for (int r = 0; r < Lanes.COUNT; r++) {
                Raw.f32(dst, r, (float) (Raw.f32(dst, r) / divisor));
            }
        }
    }
}
