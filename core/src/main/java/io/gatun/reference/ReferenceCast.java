package io.gatun.reference;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.CastSpec;

/** Number by number, by way of a float. */
record ReferenceCast(CastSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:cast";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < spec.count(); i++) {
            float value = spec.from() == DType.F32
                    ? Raw.f32(frame[0], i)
                    : HalfFloats.widen(spec.from(), Raw.i16(frame[0], i));
            if (spec.to() == DType.F32) {
                Raw.f32(frame[1], i, value);
            } else {
                Raw.i16(frame[1], i, HalfFloats.narrow(spec.to(), value));
            }
        }
    }
}
