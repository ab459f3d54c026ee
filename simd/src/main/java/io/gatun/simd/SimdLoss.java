package io.gatun.simd;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceLoss;
import io.gatun.spec.LossSpec;
import io.gatun.spec.Reduction;

/**
 * A loss of each element, its gradient and the sum of the losses in one pass: 8 B read and 4 B written an element, so bound
 * by memory for those without a logarithm.
 */
final class SimdLoss extends SummedBlocks {
    private final LossSpec spec;
    private final LossLoops loops;
    private final boolean each;
    private final int loss;

    private SimdLoss(LossSpec spec, Workers workers) {
        super(spec.count(), spec.operands().size(), LossLoops.SPACE_BYTES, workers);
        this.spec = spec;
        this.loops = LossLoops.of(spec);
        this.each = spec.reduction() == Reduction.NONE;
        this.loss = spec.lossOperand();
    }

    static Offer offer(LossSpec spec, Workers workers) {
        return Offer.of(new SimdLoss(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:loss";
    }

    @Override
    long block(long[] frame, long at, int n, long space) {
        int whole = Lanes.F.loopBound(n);
        long terms = each ? frame[loss] + at * 4 : space + LossLoops.TERMS;
        long diff = spec.gradient() ? frame[loss + 1] + at * 4 : 0;
        if (spec.weighted()) {
            weights(frame[2], space + LossLoops.WEIGHTS, at, whole);
        }
        loops.run(frame[0] + at * 4, frame[1] + at * 4, space, terms, diff, whole);
        ReferenceLoss.elements(spec, frame, at, whole, n, terms, diff);
        return each ? 0 : terms;
    }

    @Override
    void finish(long[] frame, double sum) {
        if (!each) {
            Raw.f32(frame[loss], 0, (float) (sum / spec.divisor()));
        }
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
