package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.LstmSpec;

/**
 * Backward through time of {@link ReferenceLstm}, from whose workspace the gates and cell states come. diffH0 and diffC0
 * carry the gradient of the state from step to step; the gradients of the weights are added up in float, step by step.
 */
final class ReferenceLstmBackward implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int C0 = 2;
    private static final int WEIGHTS_IH = 3;
    private static final int WEIGHTS_HH = 4;
    private static final int DST = 6;
    private static final int WORKSPACE = 7;
    private static final int DIFF_DST = 8;
    private static final int DIFF_HN = 9;
    private static final int DIFF_CN = 10;
    private static final int DIFF_H0 = 11;
    private static final int DIFF_C0 = 12;
    private static final int DIFF_WEIGHTS_IH = 13;
    private static final int DIFF_WEIGHTS_HH = 14;
    private static final int DIFF_BIAS = 15;
    private static final int DIFF_SRC = 16;

    private final LstmSpec spec;
    private final int h;
    private final ReferenceLstm forward;

    ReferenceLstmBackward(LstmSpec spec, ReferenceLstm forward) {
        this.spec = spec;
        this.h = spec.h();
        this.forward = forward;
    }

    @Override
    public String implementation() {
        return "reference:lstm";
    }

    @Override
    public long workspaceBytes() {
        return forward.workspaceBytes();
    }

    /** The gradient of one row's gates before their activation, and the sums for h_(t-1). */
    @Override
    public long scratchBytes() {
        return 4L * 4 * h;
    }

    @Override
    public void execute(long[] frame) {
        long state = (long) spec.b() * h;
        for (long i = 0; i < state; i++) {
            Raw.f32(frame[DIFF_H0], i, Raw.f32(frame[DIFF_HN], i));
            Raw.f32(frame[DIFF_C0], i, Raw.f32(frame[DIFF_CN], i));
        }
        GateSums.zero(frame[DIFF_WEIGHTS_IH], 4L * h * spec.i());
        GateSums.zero(frame[DIFF_WEIGHTS_HH], 4L * h * h);
        GateSums.zero(frame[DIFF_BIAS], 4L * h);
        long gates = frame[spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1];
        for (int t = spec.t() - 1; t >= 0; t--) {
            for (int b = 0; b < spec.b(); b++) {
                gates(frame, t, b, gates);
                inputs(frame, t, b, gates);
                weights(frame, t, b, gates);
            }
        }
    }

    /** h = o tanh(c), c = f c' + i g: the gradient of the four gates before their activation; diffC becomes that of c'. */
    private void gates(long[] frame, int t, int b, long diff) {
        long row = (long) t * spec.b() + b;
        long saved = frame[WORKSPACE] + 4 * row * 5 * h;
        long before = t == 0 ? frame[C0] + 4L * b * h : saved + 4L * (4 * h - (long) spec.b() * 5 * h);
        for (int k = 0; k < h; k++) {
            float i = Raw.f32(saved, k);
            float f = Raw.f32(saved, h + k);
            float g = Raw.f32(saved, 2 * h + k);
            float o = Raw.f32(saved, 3 * h + k);
            float tanh = ScalarMath.activate(Activation.TANH, Raw.f32(saved, 4 * h + k));
            long at = (long) b * h + k;
            float dh = Raw.f32(frame[DIFF_H0], at) + Raw.f32(frame[DIFF_DST], row * h + k);
            float dc = Raw.f32(frame[DIFF_C0], at) + dh * o * (1 - tanh * tanh);
            Raw.f32(diff, k, dc * g * i * (1 - i));
            Raw.f32(diff, h + k, dc * Raw.f32(before, k) * f * (1 - f));
            Raw.f32(diff, 2 * h + k, dc * i * (1 - g * g));
            Raw.f32(diff, 3 * h + k, dh * tanh * o * (1 - o));
            Raw.f32(frame[DIFF_C0], at, dc * f);
        }
    }

    /** gates = src weightsIhᵀ + h' weightsHhᵀ: the gradients of src and h'. */
    private void inputs(long[] frame, int t, int b, long diff) {
        long row = (long) t * spec.b() + b;
        if (!spec.constantSrc()) {
            GateSums.product(diff, 4 * h, frame[WEIGHTS_IH], spec.i(), false, frame[DIFF_SRC] + 4 * row * spec.i());
        }
        GateSums.product(diff, 4 * h, frame[WEIGHTS_HH], h, false, frame[DIFF_H0] + 4L * b * h);
    }

    private void weights(long[] frame, int t, int b, long diff) {
        long row = (long) t * spec.b() + b;
        long hidden = t == 0 ? frame[H0] + 4L * b * h : frame[DST] + 4 * (row - spec.b()) * h;
        long src = frame[SRC] + 4 * row * spec.i();
        GateSums.outer(diff, 4 * h, src, spec.i(), frame[DIFF_WEIGHTS_IH], frame[DIFF_BIAS]);
        GateSums.outer(diff, 4 * h, hidden, h, frame[DIFF_WEIGHTS_HH], 0);
    }
}
