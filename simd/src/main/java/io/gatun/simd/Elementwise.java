package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;

/**
 * A kernel over flat buffers, cut into pieces of 64 KB of each: small enough to balance, large enough to hide the 0.1 us of
 * claiming one; less than that runs on the caller.
 */
abstract class Elementwise implements Kernel, Task {
    /** Elements of a piece: a multiple of every vector and of a Philox block. */
    static final int PIECE = 16 * 1024;

    /** Of what no cache holds: 25 M parameters of SGD take 7.47 ms so and 7.62 in small pieces. */
    private static final int LARGE_PIECE = 16 * PIECE;

    private static final long LARGE = 16L * LARGE_PIECE;

    private final long count;
    private final int piece;
    private final int pieces;
    private final Workers workers;

    Elementwise(long count, Workers workers) {
        this.count = count;
        this.piece = piece(count);
        this.pieces = Math.toIntExact((count + piece - 1) / piece);
        this.workers = workers;
    }

    /** Elements of a piece of {@code count}. */
    static int piece(long count) {
        return count >= LARGE ? LARGE_PIECE : PIECE;
    }

    @Override
    public final void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public final void run(long[] frame, int index, int worker) {
        long from = (long) index * piece;
        range(frame, from, (int) Math.min(piece, count - from));
    }

    /** Elements {@code from} to {@code from + n}, n of 256 K at most. */
    abstract void range(long[] frame, long from, int n);
}
