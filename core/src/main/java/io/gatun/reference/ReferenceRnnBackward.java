package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.RnnSpec;

/** Backward through time of {@link ReferenceRnn}; diffH0 carries the gradient of the state from step to step. */
final class ReferenceRnnBackward implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int DST = 6;
    private static final int DIFF_DST = 8;
    private static final int DIFF_HN = 9;
    private static final int DIFF_H0 = 10;
    private static final int DIFF_WEIGHTS_IH = 11;
    private static final int DIFF_WEIGHTS_HH = 12;
    private static final int DIFF_BIAS_IH = 13;
    private static final int DIFF_BIAS_HH = 14;
    private static final int DIFF_SRC = 15;

    private final RnnSpec spec;
    private final int h;

    ReferenceRnnBackward(RnnSpec spec) {
        this.spec = spec;
        this.h = spec.h();
    }

    @Override
    public String implementation() {
        return "reference:rnn";
    }

    /** The gradients of one row's sums. */
    @Override
    public long scratchBytes() {
        return 4L * h;
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < (long) spec.b() * h; i++) {
            Raw.f32(frame[DIFF_H0], i, Raw.f32(frame[DIFF_HN], i));
        }
        GateSums.zero(frame[DIFF_WEIGHTS_IH], (long) h * spec.i());
        GateSums.zero(frame[DIFF_WEIGHTS_HH], (long) h * h);
        GateSums.zero(frame[DIFF_BIAS_IH], h);
        GateSums.zero(frame[DIFF_BIAS_HH], h);
        long sums = frame[spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1];
        for (int t = spec.t() - 1; t >= 0; t--) {
            for (int b = 0; b < spec.b(); b++) {
                row(frame, t, b, sums);
            }
        }
    }

    /** h = act(s): d(s) = d(h) act'. s = src weightsIhᵀ + biasIh + h' weightsHhᵀ + biasHh. */
    private void row(long[] frame, int t, int b, long sums) {
        long row = (long) t * spec.b() + b;
        long before = t == 0 ? frame[H0] + 4L * b * h : frame[DST] + 4 * (row - spec.b()) * h;
        long diffHidden = frame[DIFF_H0] + 4L * b * h;
        for (int k = 0; k < h; k++) {
            float slope = ScalarMath.derivative(spec.activation(), Raw.f32(frame[DST], row * h + k));
            Raw.f32(sums, k, (Raw.f32(diffHidden, k) + Raw.f32(frame[DIFF_DST], row * h + k)) * slope);
        }
        if (!spec.constantSrc()) {
            GateSums.product(sums, h, frame[WEIGHTS_IH], spec.i(), false, frame[DIFF_SRC] + 4 * row * spec.i());
        }
        GateSums.product(sums, h, frame[WEIGHTS_HH], h, false, diffHidden);
        long src = frame[SRC] + 4 * row * spec.i();
        GateSums.outer(sums, h, src, spec.i(), frame[DIFF_WEIGHTS_IH], frame[DIFF_BIAS_IH]);
        GateSums.outer(sums, h, before, h, frame[DIFF_WEIGHTS_HH], frame[DIFF_BIAS_HH]);
    }
}
