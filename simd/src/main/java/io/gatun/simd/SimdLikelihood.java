package io.gatun.simd;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.CrossEntropySpec;

/** The negative log-likelihood: one number of each row is read, and 4 B written an element of the gradient, nearly all 0. */
final class SimdLikelihood extends RowLosses {
    SimdLikelihood(CrossEntropySpec spec, Workers workers) {
        super(spec, workers);
    }

    @Override
    public String implementation() {
        return "simd:likelihood";
    }

    @Override
    long space() {
        return 0;
    }

    @Override
    void rows(long[] frame, long from, long to, long losses, long space, float share) {
        for (long row = from; row < to; row++) {
            int target = Raw.i32(frame[TARGETS], row);
            boolean counts = target != spec.ignoreIndex();
            float u = !counts ? 0 : spec.weighted() ? Raw.f32(frame[WEIGHTS], target) : 1;
            float x = counts ? Raw.f32(frame[LOGITS], row * cols + target) : 0;
            Raw.f32(losses, row, u == 0 && x == x ? 0 : -u * x);
            if (spec.gradient()) {
                long diff = frame[this.diff] + row * cols * 4;
                Pack.zero(diff, cols);
                if (counts) {
                    Raw.f32(diff, target, -u * share);
                }
            }
        }
    }
}
