package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AverageSpec;

/** In double, rounded once. */
record ReferenceAverage(AverageSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:average";
    }

    @Override
    public void execute(long[] frame) {
        double weight = 1.0 / Raw.i64(frame[2], 0);
        for (long i = 0; i < spec.count(); i++) {
            double y = Raw.f32(frame[1], i);
            Raw.f32(frame[1], i, (float) (y + (Raw.f32(frame[0], i) - y) * weight));
        }
    }
}
