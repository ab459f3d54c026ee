package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceLerp;
import io.gatun.spec.LerpSpec;
import jdk.incubator.vector.FloatVector;

/** y += weight (x - y) in one pass: 8 B read and 4 B written an element. */
final class SimdLerp extends Elementwise {
    private SimdLerp(LerpSpec spec, Workers workers) {
        super(spec.count(), workers);
    }

    static Offer offer(LerpSpec spec, Workers workers) {
        return Offer.of(new SimdLerp(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:lerp";
    }

    @Override
    void range(long[] frame, long from, int n) {
        long x = frame[0] + from * 4;
        long y = frame[1] + from * 4;
        float weight = Raw.f32(frame[2], 0);
        int whole = Lanes.F.loopBound(n);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector old = load(y + i * 4L);
            store(y + i * 4L, old.add(load(x + i * 4L).sub(old).mul(weight)));
        }
        ReferenceLerp.update(frame, from + whole, from + n);
    }
}
