package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceLoss;
import io.gatun.reference.ReferencePenalty;
import io.gatun.spec.PenaltySpec;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** A penalty of weights added to their gradients: 8 B read and 4 B written a weight. */
final class SimdPenalty extends SummedBlocks {
    private final PenaltySpec spec;

    private SimdPenalty(PenaltySpec spec, Workers workers) {
        super(spec.count(), 3, ReferenceLoss.BLOCK * 4, workers);
        this.spec = spec;
    }

    static Offer offer(PenaltySpec spec, Workers workers) {
        return Offer.of(new SimdPenalty(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:penalty";
    }

    @Override
    long block(long[] frame, long at, int n, long terms) {
        int whole = Lanes.F.loopBound(n);
        long weights = frame[0] + at * 4;
        long diff = frame[1] + at * 4;
        FloatVector l1 = splat(spec.l1());
        FloatVector l2 = splat(spec.l2());
        FloatVector twice = splat(2 * spec.l2());
        for (long i = 0; i < whole * 4L; i += Lanes.BYTES) {
            FloatVector w = load(weights + i);
            FloatVector sign =
                    w.blend(1f, w.compare(VectorOperators.GT, 0f)).blend(-1f, w.compare(VectorOperators.LT, 0f));
            store(terms + i, w.abs().mul(l1).add(w.mul(l2).mul(w)));
            store(diff + i, load(diff + i).add(sign.mul(l1).add(w.mul(twice))));
        }
        ReferencePenalty.elements(spec, weights, diff, terms, whole, n);
        return terms;
    }

    @Override
    void finish(long[] frame, double sum) {
        Raw.f32(frame[2], 0, (float) sum);
    }
}
