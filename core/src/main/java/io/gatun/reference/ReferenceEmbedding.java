package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Direction;
import io.gatun.spec.EmbeddingSpec;

/** Gathers rows of the table, or adds to them in the order of the indices. */
record ReferenceEmbedding(EmbeddingSpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:embedding";
    }

    @Override
    public void execute(long[] frame) {
        Indices.vocabulary(spec, frame[0]);
        int dim = spec.dim();
        boolean forward = spec.direction() == Direction.FORWARD;
        for (long i = 0; i < spec.count(); i++) {
            long row = (long) Raw.i32(frame[0], i) * dim;
            for (int d = 0; d < dim; d++) {
                if (forward) {
                    Raw.f32(frame[2], i * dim + d, Raw.f32(frame[1], row + d));
                } else {
                    Raw.f32(frame[2], row + d, Raw.f32(frame[2], row + d) + Raw.f32(frame[1], i * dim + d));
                }
            }
        }
    }
}
