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
        zero(frame[DIFF_WEIGHTS_IH], 4L * h * spec.i());
        zero(frame[DIFF_WEIGHTS_HH], 4L * h * h);
        zero(frame[DIFF_BIAS], 4L * h);
        long gates = frame[spec.constantSrc() ? DIFF_SRC : DIFF_SRC + 1];
        for (int t = spec.t() - 1; t >= 0; t--) {
            for (int b = 0; b < spec.b(); b++) {
                gates(frame, t, b, gates);
                inputs(frame, t, b, gates);
                weights(frame, t, b, gates);
            }
        }
    }

    private static void zero(long address, long count) {
        for (long i = 0; i < count; i++) {
            Raw.f32(address, i, 0);
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
            product(diff, frame[WEIGHTS_IH], spec.i(), frame[DIFF_SRC] + 4 * row * spec.i());
        }
        product(diff, frame[WEIGHTS_HH], h, frame[DIFF_H0] + 4L * b * h);
    }

    private void product(long diff, long weights, int cols, long to) {
        for (int k = 0; k < cols; k++) {
            double sum = 0;
            for (int q = 0; q < 4 * h; q++) {
                sum += (double) Raw.f32(diff, q) * Raw.f32(weights, (long) q * cols + k);
            }
            Raw.f32(to, k, (float) sum);
        }
    }

    private void weights(long[] frame, int t, int b, long diff) {
        long row = (long) t * spec.b() + b;
        long hidden = t == 0 ? frame[H0] + 4L * b * h : frame[DST] + 4 * (row - spec.b()) * h;
        for (int q = 0; q < 4 * h; q++) {
            float d = Raw.f32(diff, q);
            add(frame[DIFF_BIAS], q, d);
            for (int k = 0; k < spec.i(); k++) {
                add(frame[DIFF_WEIGHTS_IH], (long) q * spec.i() + k, d * Raw.f32(frame[SRC], row * spec.i() + k));
            }
            for (int k = 0; k < h; k++) {
                add(frame[DIFF_WEIGHTS_HH], (long) q * h + k, d * Raw.f32(hidden, k));
            }
        }
    }

    private static void add(long address, long index, float value) {
        Raw.f32(address, index, Raw.f32(address, index) + value);
    }
}
