package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.random.Philox;
import io.gatun.spec.DropoutSpec;

/** Inverted dropout, four elements a Philox block. */
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
        float keep = 1 - spec.p();
        for (long i = 0; i < spec.count(); i++) {
            int bits = Philox.number(seed, step, stream, i >> 2, (int) (i & 3));
            boolean kept = Philox.uniform(bits) >= spec.p();
            Raw.f32(frame[2], i, kept ? Raw.f32(frame[0], i) / keep : 0);
        }
    }
}
