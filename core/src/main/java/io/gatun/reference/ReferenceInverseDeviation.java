package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.InverseDeviationSpec;

/** In double, rounded once. */
record ReferenceInverseDeviation(InverseDeviationSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:inversedeviation";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < spec.count(); i++) {
            Raw.f32(frame[1], i, (float) (1 / Math.sqrt((double) Raw.f32(frame[0], i) + spec.eps())));
        }
    }
}
