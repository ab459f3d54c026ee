package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * A kernel over flat buffers, cut into pieces of 64 KB: small enough to balance, large enough to hide the 0.1 us of
 * claiming one; less than that runs on the caller.
 */
abstract class Elementwise implements Kernel, Task {
    /** Elements of a piece: a multiple of every vector and of a Philox block. */
    static final int PIECE = 16 * 1024;

    private final long count;
    private final int pieces;
    private final Workers workers;

    Elementwise(long count, Workers workers) {
        this.count = count;
        this.pieces = Math.toIntExact((count + PIECE - 1) / PIECE);
        this.workers = workers;
    }

    @Override
    public final void execute(long[] frame) {
        workers.run(pieces, this, frame);
    }

    @Override
    public final void run(long[] frame, int index, int worker) {
        long from = (long) index * PIECE;
        range(frame, from, (int) Math.min(PIECE, count - from));
    }

    /** Elements {@code from} to {@code from + n}, n at most {@link #PIECE}. */
    abstract void range(long[] frame, long from, int n);
}
