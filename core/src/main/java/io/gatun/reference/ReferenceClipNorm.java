package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.ClipNormSpec;

/** One number, each step rounded to float. */
record ReferenceClipNorm(ClipNormSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:clipnorm";
    }

    @Override
    public void execute(long[] frame) {
        float scale = Raw.f32(frame[1], 1);
        float norm = scale * (float) Math.sqrt(Raw.f32(frame[0], 0));
        Raw.f32(frame[1], 1, scale * Math.min(1, spec.norm() / (norm + 1e-6f)));
    }
}
