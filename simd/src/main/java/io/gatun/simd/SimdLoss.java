package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceLoss;
import io.gatun.spec.LossSpec;
import io.gatun.spec.Reduction;

/**
 * A loss of each element, its gradient and the sum of the losses in one pass: 8 B read and 4 B written an element, so bound
 * by memory for those without a logarithm. The losses of a block of {@value ReferenceLoss#BLOCK} stay in L1, where {@link Sums} adds them; blocks are
 * added in double within a piece, pieces in their order: the same bits for any number of threads, and the reference's.
 */
final class SimdLoss implements Kernel, Task {
    private static final int BLOCK = ReferenceLoss.BLOCK;
    private static final int PIECE = ReferenceLoss.PIECE;

    private final LossSpec spec;
    private final Workers workers;
    private final LossLoops loops;
    private final boolean each;
    private final int pieces;
    private final int loss;
    private final int scratch;
    /** Bytes of the pieces' sums. */
    private final long sums;

    private SimdLoss(LossSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.loops = LossLoops.of(spec);
        this.each = spec.reduction() == Reduction.NONE;
        this.pieces = Math.toIntExact((spec.count() + PIECE - 1) / PIECE);
        this.loss = spec.lossOperand();
        this.scratch = spec.operands().size();
        this.sums = (pieces * 8L + 63) / 64 * 64;
    }

    static Offer offer(LossSpec spec, Workers workers) {
        return Offer.of(new SimdLoss(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:loss";
    }

    @Override
    public long scratchBytes() {
        return sums + workers.threads() * LossLoops.SPACE_BYTES;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
        if (!each) {
            double sum = 0;
            for (int piece = 0; piece < pieces; piece++) {
                sum += Raw.f64(frame[scratch], piece);
            }
            Raw.f32(frame[loss], 0, (float) (sum / spec.divisor()));
        }
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long space = frame[scratch] + sums + worker * LossLoops.SPACE_BYTES;
        long first = (long) index * PIECE;
        long end = Math.min(spec.count(), first + PIECE);
        double sum = 0;
        for (long at = first; at < end; at += BLOCK) {
            int n = (int) Math.min(BLOCK, end - at);
            int whole = Lanes.F.loopBound(n);
            long terms = each ? frame[loss] + at * 4 : space + LossLoops.TERMS;
            long diff = spec.gradient() ? frame[loss + 1] + at * 4 : 0;
            if (spec.weighted()) {
                weights(frame[2], space + LossLoops.WEIGHTS, at, whole);
            }
            loops.run(frame[0] + at * 4, frame[1] + at * 4, space, terms, diff, whole);
            ReferenceLoss.elements(spec, frame, at, whole, n, terms, diff);
            sum += each ? 0 : Sums.sum(Sums.Term.VALUE, terms, 0, n);
        }
        Raw.f64(frame[scratch], index, sum);
    }

    /** The columns' weights beside the block's elements. */
    private void weights(long weights, long to, long at, int n) {
        long col = at % spec.cols();
        for (int i = 0; i < n; i++) {
            Raw.f32(to, i, Raw.f32(weights, col));
            col = col + 1 == spec.cols() ? 0 : col + 1;
        }
    }
}
