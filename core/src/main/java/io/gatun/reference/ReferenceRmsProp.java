package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.RmsPropSpec;

/** The rule of {@link RmsPropSpec}, one element after the other; plain products and sums, no fma. */
public record ReferenceRmsProp(RmsPropSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:rmsprop";
    }

    @Override
    public void execute(long[] frame) {
        update(spec, frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(RmsPropSpec spec, long[] frame, long from, long to) {
        boolean momentum = spec.momentum() > 0;
        long mean = frame[3];
        long buffer = frame[spec.centered() ? 4 : 3];
        long hyper = frame[3 + (spec.centered() ? 1 : 0) + (momentum ? 1 : 0)];
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        float alpha = spec.alpha();
        float fresh = 1 - alpha;
        for (long i = from; i < to; i++) {
            float p = Raw.f32(frame[0], i);
            float g = ScalarMath.clip(gradScale * Raw.f32(frame[1], i), spec.clip());
            if (spec.weightDecay() != 0 && i < spec.decayed()) {
                g = g + spec.weightDecay() * p;
            }
            float square = alpha * Raw.f32(frame[2], i) + fresh * g * g;
            Raw.f32(frame[2], i, square);
            float s = square;
            if (spec.centered()) {
                float centre = alpha * Raw.f32(mean, i) + fresh * g;
                Raw.f32(mean, i, centre);
                s = Math.max(square - centre * centre, 0f);
            }
            float root = spec.inside() ? (float) Math.sqrt(s + spec.eps()) : (float) Math.sqrt(s) + spec.eps();
            float d = g / root;
            if (momentum) {
                d = spec.momentum() * Raw.f32(buffer, i) + d;
                Raw.f32(buffer, i, d);
            }
            Raw.f32(frame[0], i, p - lr * d);
        }
    }
}
