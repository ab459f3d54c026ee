package io.gatun.simd;

import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Runs of the same pieces over and over, of which each thread takes the same ones every time: what a piece left behind lies
 * in the cache of the core that needs it next. A thread that is done with its share takes the others' last pieces.
 *
 * <p>Going the other way every other time, to begin with what is still in L2, gained nothing at 4 MB of weights a core.
 */
final class Shares {
    /** Pieces at most: their claims are the bits of one slot of the frame. */
    static final int MOST = 64;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(long[].class);

    /** Floating-point operations of a piece at least: less is not worth a hand-over to another thread. */
    private static final double PIECE_FLOPS = 4e6;

    private final int pieces;
    private final Task body;
    private final int slot;
    private final Workers workers;
    private final Task share = this::share;

    /** {@code slot} of the frame is in nobody else's use during a run. */
    Shares(int pieces, Task body, int slot, Workers workers) {
        this.pieces = pieces;
        this.body = body;
        this.slot = slot;
        this.workers = workers;
    }

    /** How many pieces such a run is worth, of which each is one of {@code most} or some of them. */
    static int pieces(double flops, int most) {
        return most == 0 ? 0 : (int) Math.clamp(flops / PIECE_FLOPS, 1, Math.min(MOST, most));
    }

    void run(long[] frame) {
        frame[slot] = 0;
        workers.run(Math.min(pieces, workers.threads()), share, frame);
    }

    /** All that is left of this thread's share, then of the others': whoever comes, nothing stays undone. */
    private void share(long[] frame, int index, int worker) {
        int first = pieces * worker / workers.threads();
        for (int piece = first; piece < pieces; piece++) {
            claim(frame, piece, worker);
        }
        for (int piece = first - 1; piece >= 0; piece--) {
            claim(frame, piece, worker);
        }
    }

    private void claim(long[] frame, int piece, int worker) {
        long bit = 1L << piece;
        if (((long) SLOT.getVolatile(frame, slot) & bit) == 0
                && ((long) SLOT.getAndBitwiseOr(frame, slot, bit) & bit) == 0) {
            body.run(frame, piece, worker);
        }
    }
}
