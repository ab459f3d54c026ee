package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AdagradSpec;

/** The rule of {@link AdagradSpec}, one element after the other; plain products and sums, no fma. */
public record ReferenceAdagrad(AdagradSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:adagrad";
    }

    @Override
    public void execute(long[] frame) {
        update(spec, frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(AdagradSpec spec, long[] frame, long from, long to) {
        float lr = Raw.f32(frame[3], 0);
        float gradScale = Raw.f32(frame[3], 1);
        for (long i = from; i < to; i++) {
            float p = Raw.f32(frame[0], i);
            float g = ScalarMath.clip(gradScale * Raw.f32(frame[1], i), spec.clip());
            if (spec.weightDecay() != 0 && i < spec.decayed()) {
                g = g + spec.weightDecay() * p;
            }
            float sum = Raw.f32(frame[2], i) + g * g;
            Raw.f32(frame[2], i, sum);
            Raw.f32(frame[0], i, p - lr * g / ((float) Math.sqrt(sum) + spec.eps()));
        }
    }
}
