package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.LossSpec;
import io.gatun.spec.Reduction;

/** Each element by {@link ScalarLoss}; sums by blocks as {@link BlockSum} says, added in double in their order. */
public record ReferenceLoss(LossSpec spec) implements Kernel {
    /** Elements whose losses are added in float: 16 running sums are 64 additions deep at most. */
    public static final int BLOCK = 1024;

    /** Elements whose blocks are added in double by one thread. */
    public static final int PIECE = 16 * BLOCK;

    @Override
    public String implementation() {
        return "reference:loss";
    }

    @Override
    public long scratchBytes() {
        return BLOCK * 4;
    }

    @Override
    public void execute(long[] frame) {
        int loss = spec.lossOperand();
        long scratch = frame[spec.operands().size()];
        boolean each = spec.reduction() == Reduction.NONE;
        double sum = 0;
        for (long from = 0; from < spec.count(); from += PIECE) {
            long end = Math.min(spec.count(), from + PIECE);
            double piece = 0;
            for (long at = from; at < end; at += BLOCK) {
                int n = (int) Math.min(BLOCK, end - at);
                long terms = each ? frame[loss] + at * 4 : scratch;
                long diff = spec.gradient() ? frame[loss + 1] + at * 4 : 0;
                elements(spec, frame, at, 0, n, terms, diff);
                piece += each ? 0 : BlockSum.of(terms, n);
            }
            sum += piece;
        }
        if (!each) {
            Raw.f32(frame[loss], 0, (float) (sum / spec.divisor()));
        }
    }

    /** Elements {@code at + from} to {@code at + to - 1}: their losses and, unless {@code diff} is 0, their gradients. */
    public static void elements(LossSpec spec, long[] frame, long at, int from, int to, long terms, long diff) {
        float scale = 1f / spec.divisor();
        for (int i = from; i < to; i++) {
            float x = Raw.f32(frame[0], at + i);
            float t = Raw.f32(frame[1], at + i);
            float w = spec.weighted() ? Raw.f32(frame[2], (at + i) % spec.cols()) : 1;
            Raw.f32(terms, i, ScalarLoss.term(spec, x, t, w));
            if (diff != 0) {
                Raw.f32(diff, i, ScalarLoss.slope(spec, x, t, w, scale));
            }
        }
    }
}
