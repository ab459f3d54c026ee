package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.PenaltySpec;

/** value = l1 Σ|w| + l2 Σw², diffWeights += l1 sign(w) + 2 l2 w, summed as {@link ReferenceLoss} does. */
public record ReferencePenalty(PenaltySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:penalty";
    }

    @Override
    public long scratchBytes() {
        return ReferenceLoss.BLOCK * 4;
    }

    @Override
    public void execute(long[] frame) {
        double sum = 0;
        for (long from = 0; from < spec.count(); from += ReferenceLoss.PIECE) {
            long end = Math.min(spec.count(), from + ReferenceLoss.PIECE);
            double piece = 0;
            for (long at = from; at < end; at += ReferenceLoss.BLOCK) {
                int n = (int) Math.min(ReferenceLoss.BLOCK, end - at);
                elements(spec, frame[0] + at * 4, frame[1] + at * 4, frame[3], 0, n);
                piece += BlockSum.of(frame[3], n);
            }
            sum += piece;
        }
        Raw.f32(frame[2], 0, (float) sum);
    }

    /** Elements {@code from} to {@code to - 1} of those at {@code weights}, their share of the value to {@code terms}. */
    public static void elements(PenaltySpec spec, long weights, long diff, long terms, int from, int to) {
        for (int i = from; i < to; i++) {
            float w = Raw.f32(weights, i);
            float sign = w > 0 ? 1 : w < 0 ? -1 : w;
            Raw.f32(terms, i, spec.l1() * Math.abs(w) + spec.l2() * w * w);
            Raw.f32(diff, i, Raw.f32(diff, i) + (spec.l1() * sign + 2 * spec.l2() * w));
        }
    }
}
