package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AdamWSpec;

/** The rule of {@link AdamWSpec}, one element after the other; plain products and sums, no fma. */
public record ReferenceAdamW(AdamWSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:adamw";
    }

    @Override
    public void execute(long[] frame) {
        update(spec, frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(AdamWSpec spec, long[] frame, long from, long to) {
        float lr = Raw.f32(frame[4], 0);
        float gradScale = Raw.f32(frame[4], 1);
        float step = Raw.f32(frame[4], 2);
        float rootScale = Raw.f32(frame[4], 3);
        float decay = lr * spec.weightDecay();
        for (long i = from; i < to; i++) {
            float g = gradScale * Raw.f32(frame[1], i);
            float p = Raw.f32(frame[0], i);
            if (decay != 0 && i < spec.decayed()) {
                p = p - decay * p;
            }
            float m = spec.beta1() * Raw.f32(frame[2], i) + (1 - spec.beta1()) * g;
            float v = spec.beta2() * Raw.f32(frame[3], i) + (1 - spec.beta2()) * g * g;
            float denominator = (float) Math.sqrt(v) * rootScale + spec.eps();
            Raw.f32(frame[0], i, p - step * m / denominator);
            Raw.f32(frame[2], i, m);
            Raw.f32(frame[3], i, v);
        }
    }
}
