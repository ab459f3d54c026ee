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
        int[] bits = new int[4];
        float keep = 1 - spec.p();
        for (long i = 0; i < spec.count(); i++) {
            if ((i & 3) == 0) {
                Philox.block(Raw.i64(rng, 0), (int) Raw.i64(rng, 1), (int) Raw.i64(rng, 2), i >> 2, bits);
            }
            boolean kept = Philox.uniform(bits[(int) (i & 3)]) >= spec.p();
            Raw.f32(frame[2], i, kept ? Raw.f32(frame[0], i) / keep : 0);
        }
    }
}
