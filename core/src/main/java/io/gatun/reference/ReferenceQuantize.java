package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.QuantizeSpec;

/** Numbers to bytes, one by one. */
record ReferenceQuantize(QuantizeSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:quantize";
    }

    @Override
    public void execute(long[] frame) {
        float scale = Raw.f32(frame[1], 0);
        int zeroPoint = Raw.i32(frame[2], 0);
        float nan = 0;
        for (long i = 0; i < spec.count(); i++) {
            float place = Raw.f32(frame[0], i) * (1 / scale) + zeroPoint;
            nan = Float.isNaN(place) ? Float.NaN : nan;
            Raw.i8(frame[3], i, ScalarMath.unsignedByte(place));
        }
        Raw.f32(frame[4], 0, scale + nan);
    }
}
