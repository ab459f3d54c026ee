package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.RunningMomentsSpec;

/** Channel after channel, its samples in order. */
record ReferenceRunningMoments(RunningMomentsSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:runningmoments";
    }

    @Override
    public void execute(long[] frame) {
        double unbiased = spec.hw() / (spec.hw() - 1.0);
        for (int k = 0; k < spec.c(); k++) {
            double mean = 0;
            double variance = 0;
            for (long i = k; i < spec.n() * spec.c(); i += spec.c()) {
                double invStd = Raw.f32(frame[1], i);
                mean += Raw.f32(frame[0], i) / (double) spec.n();
                variance += Math.max(0, 1 / (invStd * invStd) - spec.eps()) * unbiased / spec.n();
            }
            move(frame[2], k, mean);
            move(frame[3], k, variance);
        }
    }

    private void move(long running, int k, double batch) {
        double momentum = spec.momentum();
        Raw.f32(running, k, (float) ((1 - momentum) * Raw.f32(running, k) + momentum * batch));
    }
}
