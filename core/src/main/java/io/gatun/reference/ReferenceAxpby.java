package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AxpbySpec;

/** y = alpha x + beta y with one rounding of beta y and one of the sum; y is not read where beta is 0. */
record ReferenceAxpby(AxpbySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:axpby";
    }

    @Override
    public void execute(long[] frame) {
        long x = frame[0];
        long y = frame[1];
        for (long i = 0; i < spec.count(); i++) {
            Raw.f32(
                    y,
                    i,
                    ScalarMath.axpby(spec.alpha(), Raw.f32(x, i), spec.beta(), spec.beta() == 0 ? 0 : Raw.f32(y, i)));
        }
    }
}
