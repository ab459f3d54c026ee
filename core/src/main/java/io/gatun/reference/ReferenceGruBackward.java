package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.GruSpec;

/**
 * Backward through time of {@link ReferenceGru}, from whose workspace the gates come. diffH0 carries the gradient of the
 * state from step to step; the gradients of the weights are added up in float, step by step.
 */
final class ReferenceGruBackward implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int DST = 6;
    private static final int WORKSPACE = 7;
    private static final int DIFF_DST = 8;
    private static final int DIFF_HN = 9;
    private static final int DIFF_H0 = 10;
    private static final int DIFF_WEIGHTS_IH = 11;
    private static final int DIFF_WEIGHTS_HH = 12;
    private static final int DIFF_BIAS_IH = 13;
    private static final int DIFF_BIAS_HH = 14;
    private static final int DIFF_SRC = 15;

    private final GruSpec spec;
    private final int h;
    private final ReferenceGru forward;

    ReferenceGruBackward(GruSpec spec, ReferenceGru forward) {
        this.spec = spec;
        this.h = spec.h();
        this.forward = forward;
    }

    @Override
    public String implementation() {
        return "reference:gru";
    }

    @Override
    public long workspaceBytes() {
        return forward.workspaceBytes();
    }

    /** The gradients of one row's gates before their activation: of x, [3h], and of y, [3h]. */
    @Override
    public long scratchBytes() {
        return 4L * 6 * h;
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < (long) spec.b() * h; i++) {
            Raw.f32(frame[DIFF_H0], i, Raw.f32(frame[DIFF_HN], i));
        }
        GateSums.zero(frame[DIFF_WEIGHTS_IH], 3L * h * spec.i());
        GateSums.zero(frame[DIFF_WEIGHTS_HH], 3L * h * h);
        GateSums.zero(frame[DIFF_BIAS_IH], 3L * h);
        GateSums.zero(frame[DIFF_BIAS_HH], 3L * h);
        long x = frame[spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1];
        long y = x + 4L * 3 * h;
        for (int t = spec.t() - 1; t >= 0; t--) {
            for (int b = 0; b < spec.b(); b++) {
                long row = (long) t * spec.b() + b;
                long before = t == 0 ? frame[H0] + 4L * b * h : frame[DST] + 4 * (row - spec.b()) * h;
                long diffHidden = frame[DIFF_H0] + 4L * b * h;
                gates(frame, row, before, diffHidden, x, y);
                // x = src weightsIhᵀ + biasIh, y = h' weightsHhᵀ + biasHh.
                if (!spec.constantSrc()) {
                    GateSums.product(
                            x, 3 * h, frame[WEIGHTS_IH], spec.i(), false, frame[DIFF_SRC] + 4 * row * spec.i());
                }
                GateSums.product(y, 3 * h, frame[WEIGHTS_HH], h, true, diffHidden);
                GateSums.outer(
                        x,
                        3 * h,
                        frame[SRC] + 4 * row * spec.i(),
                        spec.i(),
                        frame[DIFF_WEIGHTS_IH],
                        frame[DIFF_BIAS_IH]);
                GateSums.outer(y, 3 * h, before, h, frame[DIFF_WEIGHTS_HH], frame[DIFF_BIAS_HH]);
            }
        }
    }

    /** h = (1 - z) n + z h', n = tanh(x_n + r y_n): the gradients of x and y, and in diffHidden what goes past the gates. */
    private void gates(long[] frame, long row, long before, long diffHidden, long x, long y) {
        long saved = frame[WORKSPACE] + 4 * row * 4 * h;
        for (int k = 0; k < h; k++) {
            float r = Raw.f32(saved, k);
            float z = Raw.f32(saved, h + k);
            float n = Raw.f32(saved, 2 * h + k);
            float dh = Raw.f32(diffHidden, k) + Raw.f32(frame[DIFF_DST], row * h + k);
            float dn = dh * (1 - z) * (1 - n * n);
            float dz = dh * (Raw.f32(before, k) - n) * (z * (1 - z));
            float dr = dn * Raw.f32(saved, 3 * h + k) * (r * (1 - r));
            Raw.f32(x, k, dr);
            Raw.f32(x, h + k, dz);
            Raw.f32(x, 2 * h + k, dn);
            Raw.f32(y, k, dr);
            Raw.f32(y, h + k, dz);
            Raw.f32(y, 2 * h + k, dn * r);
            Raw.f32(diffHidden, k, dh * z);
        }
    }
}
