package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceAdamW;
import io.gatun.spec.AdamWSpec;
import jdk.incubator.vector.FloatVector;

/**
 * Fused AdamW, one pass: 16 B read and 12 B written an element, so memory bound. Plain products
 * and sums, not fma: bitwise equal to the reference, which does the tail, and bandwidth hides the cost.
 */
final class SimdAdamW extends Elementwise {
    private final AdamWSpec spec;

    private SimdAdamW(AdamWSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.spec = spec;
    }

    static Offer offer(AdamWSpec spec, Workers workers) {
        return Offer.of(new SimdAdamW(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:adamw";
    }

    @Override
    void range(long[] frame, long from, int n) {
        int decayed = Math.clamp(spec.decayed() - from, 0, n);
        part(frame, from, decayed, Raw.f32(frame[4], 0) * spec.weightDecay());
        part(frame, from + decayed, n - decayed, 0);
    }

    private void part(long[] frame, long from, int n, float decay) {
        int whole = Lanes.F.loopBound(n);
        step(frame, from * 4, whole, decay);
        ReferenceAdamW.update(spec, frame, from + whole, from + n);
    }

    private void step(long[] frame, long offset, int whole, float decay) {
        long params = frame[0] + offset;
        long grads = frame[1] + offset;
        long first = frame[2] + offset;
        long second = frame[3] + offset;
        float gradScale = Raw.f32(frame[4], 1);
        float step = Raw.f32(frame[4], 2);
        float rootScale = Raw.f32(frame[4], 3);
        float beta1 = spec.beta1();
        float beta2 = spec.beta2();
        float eps = spec.eps();
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector g = load(grads + i * 4L).mul(gradScale);
            FloatVector p = load(params + i * 4L);
            p = decay == 0 ? p : p.sub(p.mul(decay));
            FloatVector m = load(first + i * 4L).mul(beta1).add(g.mul(1 - beta1));
            FloatVector v =
                    load(second + i * 4L).mul(beta2).add(g.mul(1 - beta2).mul(g));
            FloatVector denominator = v.sqrt().mul(rootScale).add(eps);
            store(params + i * 4L, p.sub(m.mul(step).div(denominator)));
            store(first + i * 4L, m);
            store(second + i * 4L, v);
        }
    }
}
