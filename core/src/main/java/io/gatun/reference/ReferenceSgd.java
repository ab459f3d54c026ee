package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.SgdSpec;

/** The rule of {@link SgdSpec}, one element after the other; plain products and sums, no fma. */
public record ReferenceSgd(SgdSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:sgd";
    }

    @Override
    public void execute(long[] frame) {
        update(spec, frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(SgdSpec spec, long[] frame, long from, long to) {
        boolean momentum = spec.momentum() > 0;
        long params = frame[0];
        long grads = frame[1];
        long buffer = frame[2];
        long hyper = frame[momentum ? 3 : 2];
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        boolean first = Raw.f32(hyper, 2) != 0;
        for (long i = from; i < to; i++) {
            float p = Raw.f32(params, i);
            float g = ScalarMath.clip(gradScale * Raw.f32(grads, i), spec.clip());
            if (spec.weightDecay() != 0 && i < spec.decayed()) {
                g = g + spec.weightDecay() * p;
            }
            if (momentum) {
                float old = Raw.f32(buffer, i);
                float moved = first ? g : spec.momentum() * old + (1 - spec.dampening()) * g;
                Raw.f32(buffer, i, moved);
                g = spec.nesterov() ? g + spec.momentum() * moved : moved;
            }
            Raw.f32(params, i, p - lr * g);
        }
    }
}
