package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Direction;
import io.gatun.spec.PowerSpec;

/** The same bits on every machine: StrictMath, in double. */
record ReferencePower(PowerSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:power";
    }

    @Override
    public void execute(long[] frame) {
        for (long i = 0; i < spec.count(); i++) {
            double x = Raw.f32(frame[0], i);
            if (spec.direction() == Direction.FORWARD) {
                Raw.f32(frame[1], i, (float) StrictMath.pow(x, spec.exponent()));
            } else {
                Raw.f32(frame[2], i, (float) (Raw.f32(frame[1], i) * slope(x)));
            }
        }
    }

    private double slope(double x) {
        float p = spec.exponent();
        return p == 0 ? 0 : p * StrictMath.pow(x, p - 1.0);
    }
}
