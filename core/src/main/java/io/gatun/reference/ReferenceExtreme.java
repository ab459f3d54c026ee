package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.ExtremeSpec;

/** One entry after another, until one is NaN. */
record ReferenceExtreme(ExtremeSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:extreme";
    }

    @Override
    public void execute(long[] frame) {
        long inner = spec.inner();
        boolean largest = spec.op() == ExtremeSpec.Op.MAX;
        for (long i = 0; i < spec.outer() * inner; i++) {
            long base = i / inner * spec.n() * inner + i % inner;
            int found = 0;
            float best = Raw.f32(frame[0], base);
            for (int k = 1; k < spec.n() && !Float.isNaN(best); k++) {
                float x = Raw.f32(frame[0], base + k * inner);
                if (Float.isNaN(x) || (largest ? x > best : x < best)) {
                    best = x;
                    found = k;
                }
            }
            Raw.i32(frame[1], i, spec.inAll() ? (int) (base + found * inner) : found);
        }
    }
}
