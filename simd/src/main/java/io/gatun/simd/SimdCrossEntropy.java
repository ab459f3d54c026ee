package io.gatun.simd;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.CrossEntropySpec;

/**
 * Softmax cross-entropy and its gradient in one go, of a class for each row, in the passes of {@link SoftmaxRows}: 4 B read
 * and 4 B written a logit.
 */
final class SimdCrossEntropy extends RowLosses {
    private final SoftmaxRows passes;
    private final long space;

    private SimdCrossEntropy(CrossEntropySpec spec, Workers workers) {
        super(spec, workers);
        this.passes = new SoftmaxRows(spec.cols());
        long group = (long) passes.rows() * 4;
        this.space = passes.scratchBytes() + (group * (spec.gradient() ? 1 : spec.cols()) + 63) / 64 * 64;
    }

    static Offer offer(CrossEntropySpec spec, Workers workers) {
        if (spec.logProbabilities()) {
            return Offer.of(new SimdLikelihood(spec, workers));
        }
        return Offer.of(
                spec.probabilities() || spec.smoothing() > 0
                        ? new SimdMixedCrossEntropy(spec, workers)
                        : new SimdCrossEntropy(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:crossentropy";
    }

    /** The passes' and the targets' gradients, or exponentials that nobody wants. */
    @Override
    long space() {
        return space;
    }

    @Override
    void rows(long[] frame, long from, long to, long losses, long space, float share) {
        boolean near = true;
        for (long row = from; row < to; row += passes.rows()) {
            int rows = (int) Math.min(passes.rows(), to - row);
            long logits = frame[LOGITS] + row * cols * 4;
            long targets = frame[TARGETS] + row * 4;
            long diff = spec.gradient() ? frame[this.diff] + row * cols * 4 : space + passes.scratchBytes();
            near = passes.exponentials(logits, diff, space, rows, near, true);
            for (int r = 0; r < rows; r++) {
                int target = Raw.i32(targets, r);
                Raw.f32(losses, row + r, 0);
                if (target != spec.ignoreIndex()) {
                    double below = (double) Raw.f32(logits + (long) r * cols * 4, target) - SoftmaxRows.max(space, r);
                    Raw.f32(losses, row + r, (float) (weight(frame, target) * (passes.logSum(space, r) - below)));
                }
            }
            if (spec.gradient()) {
                gradients(frame, targets, diff, space, rows, share);
            }
        }
    }

    private float weight(long[] frame, int target) {
        return spec.weighted() && target != spec.ignoreIndex() ? Raw.f32(frame[WEIGHTS], target) : 1;
    }

    /** (softmax - onehot) share, in place of the exponentials; that of the target by itself, for p - 1 may cancel. */
    private void gradients(long[] frame, long targets, long diff, long space, int rows, float share) {
        long own = space + passes.scratchBytes();
        for (int r = 0; r < rows; r++) {
            double sum = passes.sum(space, r);
            int target = Raw.i32(targets, r);
            float part = weight(frame, target) * share;
            float e = target == spec.ignoreIndex() ? 0 : Raw.f32(diff + (long) r * cols * 4, target);
            Raw.f32(own, r, (float) ((e / sum - 1) * part));
            SoftmaxRows.factor(space, r, (float) (part / sum));
        }
        passes.scale(diff, space, rows);
        for (int r = 0; r < rows; r++) {
            long row = diff + (long) r * cols * 4;
            int target = Raw.i32(targets, r);
            if (target == spec.ignoreIndex()) {
                Pack.zero(row, cols);
            } else {
                Raw.f32(row, target, Raw.f32(own, r));
            }
        }
    }
}
