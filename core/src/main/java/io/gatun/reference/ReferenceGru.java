package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.GruSpec;
import io.gatun.spec.Pass;

/**
 * A GRU layer over a sequence, row by row. The workspace holds what backward needs of each step: the gates r, z, n and
 * then what r multiplies, the hidden part of n: [t, b, 4h].
 */
final class ReferenceGru implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int BIAS_IH = 4;
    private static final int BIAS_HH = 5;
    private static final int DST = 6;
    private static final int HN = 7;

    private final GruSpec spec;
    private final int h;

    ReferenceGru(GruSpec spec) {
        this.spec = spec;
        this.h = spec.h();
    }

    @Override
    public String implementation() {
        return "reference:gru";
    }

    @Override
    public long workspaceBytes() {
        return spec.pass() == Pass.TRAINING ? 4L * spec.t() * spec.b() * 4 * h : 0;
    }

    /** Inference keeps one row's gates at a time. */
    @Override
    public long scratchBytes() {
        return spec.pass() == Pass.INFERENCE ? 4L * 4 * h : 0;
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < (long) spec.b() * h; i++) {
            Raw.f32(frame[HN], i, Raw.f32(frame[H0], i));
        }
        boolean training = spec.pass() == Pass.TRAINING;
        for (int t = 0; t < spec.t(); t++) {
            for (int b = 0; b < spec.b(); b++) {
                long row = (long) t * spec.b() + b;
                long gates = training ? frame[HN + 1] + 4 * row * 4 * h : frame[HN + 1];
                // hn is h_(t-1) of this row until all its gates are known.
                long hidden = frame[HN] + 4L * b * h;
                gates(frame, row, hidden, gates);
                for (int k = 0; k < h; k++) {
                    float z = Raw.f32(gates, h + k);
                    float out = (1 - z) * Raw.f32(gates, 2 * h + k) + z * Raw.f32(hidden, k);
                    Raw.f32(hidden, k, out);
                    Raw.f32(frame[DST], row * h + k, out);
                }
            }
        }
    }

    private void gates(long[] frame, long row, long hidden, long gates) {
        for (int q = 0; q < 2 * h; q++) {
            float sum = (float) (inputs(frame, row, q) + hidden(frame, hidden, q));
            Raw.f32(gates, q, ScalarMath.activate(Activation.SIGMOID, sum));
        }
        for (int k = 0; k < h; k++) {
            float reset = (float) hidden(frame, hidden, 2 * h + k);
            float sum = (float) (inputs(frame, row, 2 * h + k) + (double) Raw.f32(gates, k) * reset);
            Raw.f32(gates, 2 * h + k, ScalarMath.activate(Activation.TANH, sum));
            Raw.f32(gates, 3 * h + k, reset);
        }
    }

    private double inputs(long[] frame, long row, int q) {
        double sum = Raw.f32(frame[BIAS_IH], q);
        for (int k = 0; k < spec.i(); k++) {
            sum += (double) Raw.f32(frame[SRC], row * spec.i() + k)
                    * Raw.f32(frame[WEIGHTS_IH], (long) q * spec.i() + k);
        }
        return sum;
    }

    private double hidden(long[] frame, long hidden, int q) {
        double sum = Raw.f32(frame[BIAS_HH], q);
        for (int k = 0; k < h; k++) {
            sum += (double) Raw.f32(hidden, k) * Raw.f32(frame[WEIGHTS_HH], (long) q * h + k);
        }
        return sum;
    }
}
