package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Activation;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.Pass;

/**
 * An LSTM layer over a sequence, gate by gate. The workspace holds what backward needs of each step: the four activated
 * gates and then the cell state, [t, b, 5h].
 */
final class ReferenceLstm implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int C0 = 2;
    private static final int WEIGHTS_IH = 3;
    private static final int WEIGHTS_HH = 4;
    private static final int BIAS = 5;
    private static final int DST = 6;
    private static final int HN = 7;
    private static final int CN = 8;

    private final LstmSpec spec;
    private final int h;

    ReferenceLstm(LstmSpec spec) {
        this.spec = spec;
        this.h = spec.h();
    }

    @Override
    public String implementation() {
        return "reference:lstm";
    }

    @Override
    public long workspaceBytes() {
        return spec.pass() == Pass.TRAINING ? 4L * spec.t() * spec.b() * 5 * h : 0;
    }

    /** Inference keeps one row's gates at a time. */
    @Override
    public long scratchBytes() {
        return spec.pass() == Pass.INFERENCE ? 4L * 4 * h : 0;
    }

    @Override
    public void execute(long[] frame) {
        long state = (long) spec.b() * h;
        for (long i = 0; i < state; i++) {
            Raw.f32(frame[HN], i, Raw.f32(frame[H0], i));
            Raw.f32(frame[CN], i, Raw.f32(frame[C0], i));
        }
        boolean training = spec.pass() == Pass.TRAINING;
        for (int t = 0; t < spec.t(); t++) {
            for (int b = 0; b < spec.b(); b++) {
                long row = (long) t * spec.b() + b;
                long gates = training ? frame[CN + 1] + 4 * row * 5 * h : frame[CN + 1];
                // hn is h_(t-1) of this row until all its gates are known.
                gates(frame, row, frame[HN] + 4L * b * h, gates);
                for (int k = 0; k < h; k++) {
                    long at = (long) b * h + k;
                    float c = Raw.f32(gates, h + k) * Raw.f32(frame[CN], at)
                            + Raw.f32(gates, k) * Raw.f32(gates, 2 * h + k);
                    float out = Raw.f32(gates, 3 * h + k) * ScalarMath.activate(Activation.TANH, c);
                    Raw.f32(frame[CN], at, c);
                    Raw.f32(frame[HN], at, out);
                    Raw.f32(frame[DST], row * h + k, out);
                    if (training) {
                        Raw.f32(gates, 4 * h + k, c);
                    }
                }
            }
        }
    }

    private void gates(long[] frame, long row, long hidden, long gates) {
        for (int q = 0; q < 4 * h; q++) {
            double sum = Raw.f32(frame[BIAS], q);
            for (int k = 0; k < spec.i(); k++) {
                sum += (double) Raw.f32(frame[SRC], row * spec.i() + k)
                        * Raw.f32(frame[WEIGHTS_IH], (long) q * spec.i() + k);
            }
            for (int k = 0; k < h; k++) {
                sum += (double) Raw.f32(hidden, k) * Raw.f32(frame[WEIGHTS_HH], (long) q * h + k);
            }
            boolean candidate = q / h == 2;
            Raw.f32(gates, q, ScalarMath.activate(candidate ? Activation.TANH : Activation.SIGMOID, (float) sum));
        }
    }
}
