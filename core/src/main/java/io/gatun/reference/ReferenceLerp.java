package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.LerpSpec;

/** The rule of {@link LerpSpec}; plain products and sums, no fma. */
public record ReferenceLerp(LerpSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:lerp";
    }

    @Override
    public void execute(long[] frame) {
        update(frame, 0, spec.count());
    }

    /** Elements {@code from} to {@code to}; the vector kernel calls it for its tail. */
    public static void update(long[] frame, long from, long to) {
        float weight = Raw.f32(frame[2], 0);
        for (long i = from; i < to; i++) {
            float y = Raw.f32(frame[1], i);
            Raw.f32(frame[1], i, y + weight * (Raw.f32(frame[0], i) - y));
        }
    }
}
