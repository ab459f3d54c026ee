package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.random.Philox;
import io.gatun.spec.DropoutSpec;

/** Inverted dropout, eight elements a Philox block. */
record ReferenceDropout(DropoutSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:dropout";
    }

    @Override
    public void execute(long[] frame) {
        long rng = frame[1];
        long seed = Raw.i64(rng, 0);
        int step = (int) Raw.i64(rng, 1);
        int stream = (int) Raw.i64(rng, 2);
        int threshold = spec.threshold();
        float scale = spec.scale();
        for (long i = 0; i < spec.count(); i++) {
            boolean kept = Philox.half(seed, step, stream, i) >= threshold;
            Raw.f32(frame[2], i, kept ? Raw.f32(frame[0], i) * scale : 0);
        }
    }
}
