package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.AdamSpec;

/** The rule of {@link AdamSpec}, one element after the other; plain products and sums, no fma. */
public record ReferenceAdam(AdamSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return spec.decoupled() ? "reference:adamw" : "reference:adam";
    }

    @Override
    public void execute(long[] frame) {
        update(spec, frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(AdamSpec spec, long[] frame, long from, long to) {
        long hyper = frame[spec.amsgrad() ? 5 : 4];
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        float step = Raw.f32(hyper, 2);
        float rootScale = Raw.f32(hyper, 3);
        float shrink = spec.decoupled() ? lr * spec.weightDecay() : 0;
        float added = spec.decoupled() ? 0 : spec.weightDecay();
        for (long i = from; i < to; i++) {
            float g = ScalarMath.clip(gradScale * Raw.f32(frame[1], i), spec.clip());
            float p = Raw.f32(frame[0], i);
            if (shrink != 0 && i < spec.decayed()) {
                p = p - shrink * p;
            }
            if (added != 0 && i < spec.decayed()) {
                g = g + added * p;
            }
            float m = spec.beta1() * Raw.f32(frame[2], i) + (1 - spec.beta1()) * g;
            float v = spec.beta2() * Raw.f32(frame[3], i) + (1 - spec.beta2()) * g * g;
            float largest = v;
            if (spec.amsgrad()) {
                largest = Math.max(Raw.f32(frame[4], i), v);
                Raw.f32(frame[4], i, largest);
            }
            float denominator = (float) Math.sqrt(largest) * rootScale + spec.eps();
            Raw.f32(frame[0], i, p - step * m / denominator);
            Raw.f32(frame[2], i, m);
            Raw.f32(frame[3], i, v);
        }
    }
}
