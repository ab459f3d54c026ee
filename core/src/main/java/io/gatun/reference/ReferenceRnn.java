package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.RnnSpec;

/** A plain recurrent layer over a sequence, row by row. Backward needs nothing but dst, so the workspace is empty. */
final class ReferenceRnn implements Kernel {
    private static final int SRC = 0;
    private static final int H0 = 1;
    private static final int WEIGHTS_IH = 2;
    private static final int WEIGHTS_HH = 3;
    private static final int BIAS_IH = 4;
    private static final int BIAS_HH = 5;
    private static final int DST = 6;
    private static final int HN = 7;

    private final RnnSpec spec;

    ReferenceRnn(RnnSpec spec) {
        this.spec = spec;
    }

    @Override
    public String implementation() {
        return "reference:rnn";
    }

    @Override
    public void execute(long[] frame) {
        int h = spec.h();
        long state = (long) spec.b() * h;
        for (int t = 0; t < spec.t(); t++) {
            for (int b = 0; b < spec.b(); b++) {
                long row = (long) t * spec.b() + b;
                long before = t == 0 ? frame[H0] + 4L * b * h : frame[DST] + 4 * (row - spec.b()) * h;
                for (int k = 0; k < h; k++) {
                    float sum = (float) sum(frame, row, before, k);
                    Raw.f32(frame[DST], row * h + k, ScalarMath.activate(spec.activation(), sum));
                }
            }
        }
        long last = spec.t() == 0 ? frame[H0] : frame[DST] + 4 * (spec.t() - 1) * state;
        for (long i = 0; i < state; i++) {
            Raw.f32(frame[HN], i, Raw.f32(last, i));
        }
    }

    private double sum(long[] frame, long row, long before, int k) {
        double sum = (double) Raw.f32(frame[BIAS_IH], k) + Raw.f32(frame[BIAS_HH], k);
        for (int j = 0; j < spec.i(); j++) {
            sum += (double) Raw.f32(frame[SRC], row * spec.i() + j)
                    * Raw.f32(frame[WEIGHTS_IH], (long) k * spec.i() + j);
        }
        for (int j = 0; j < spec.h(); j++) {
            sum += (double) Raw.f32(before, j) * Raw.f32(frame[WEIGHTS_HH], (long) k * spec.h() + j);
        }
        return sum;
    }
}
