package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceLoss;

/**
 * A pass over elements with one number in the end. The terms of a block of {@value ReferenceLoss#BLOCK} stay in L1, where
 * {@link Sums} adds them; blocks are added in double within a piece, pieces in their order: the same bits for any number of
 * threads and at every width, and the reference's.
 */
abstract class SummedBlocks implements Kernel, Task {
    private static final int BLOCK = ReferenceLoss.BLOCK;
    private static final int PIECE = ReferenceLoss.PIECE;

    private final long count;
    private final Workers workers;
    private final int pieces;
    private final int scratch;
    private final long space;
    /** Bytes of the pieces' sums. */
    private final long sums;

    /**
     * @param scratch place of the scratch memory in the frame
     * @param space bytes of scratch memory of a thread, whole lines
     */
    SummedBlocks(long count, int scratch, long space, Workers workers) {
        this.count = count;
        this.workers = workers;
        this.pieces = Math.toIntExact((count + PIECE - 1) / PIECE);
        this.scratch = scratch;
        this.space = space;
        this.sums = (pieces * 8L + 63) / 64 * 64;
    }

    /** Elements {@code at} to {@code at + n - 1}; the address of their n terms, or 0 where nobody sums them. */
    abstract long block(long[] frame, long at, int n, long space);

    /** What to do with the sum of all terms. */
    abstract void finish(long[] frame, double sum);

    @Override
    public final long scratchBytes() {
        return sums + workers.threads() * space;
    }

    @Override
    public final void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
        double sum = 0;
        for (int piece = 0; piece < pieces; piece++) {
            sum += Raw.f64(frame[scratch], piece);
        }
        finish(frame, sum);
    }

    @Override
    public final void run(long[] frame, int index, int worker) {
        long space = frame[scratch] + sums + worker * this.space;
        long first = (long) index * PIECE;
        long end = Math.min(count, first + PIECE);
        double sum = 0;
        for (long at = first; at < end; at += BLOCK) {
            int n = (int) Math.min(BLOCK, end - at);
            long terms = block(frame, at, n, space);
            sum += terms == 0 ? 0 : Sums.sum(Sums.Term.VALUE, terms, 0, n);
        }
        Raw.f64(frame[scratch], index, sum);
    }
}
