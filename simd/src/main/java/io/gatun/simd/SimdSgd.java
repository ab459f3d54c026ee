package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceSgd;
import io.gatun.spec.SgdSpec;
import jdk.incubator.vector.FloatVector;

/**
 * Fused SGD, one pass: 12 B read and 8 B written an element with momentum, 8 and 4 without. Plain products and sums, not
 * fma: bitwise equal to the reference, which does the tail, and bandwidth hides the cost.
 */
final class SimdSgd extends Elementwise {
    private final SgdSpec spec;

    private SimdSgd(SgdSpec spec, Workers workers) {
        super(spec.count(), workers);
        this.spec = spec;
    }

    static Offer offer(SgdSpec spec, Workers workers) {
        return Offer.of(new SimdSgd(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:sgd";
    }

    @Override
    void range(long[] frame, long from, int n) {
        int decayed = Math.clamp(spec.decayed() - from, 0, n);
        if (spec.weightDecay() != 0) {
            part(frame, from, decayed, spec.weightDecay());
            part(frame, from + decayed, n - decayed, 0);
        } else {
            part(frame, from, n, 0);
        }
    }

    private void part(long[] frame, long from, int n, float decay) {
        int whole = Lanes.F.loopBound(n);
        long hyper = frame[spec.momentum() > 0 ? 3 : 2];
        if (spec.momentum() > 0) {
            momentum(frame, from * 4, whole, decay, hyper);
        } else {
            plain(frame[0] + from * 4, frame[1] + from * 4, whole, decay, hyper);
        }
        ReferenceSgd.update(spec, frame, from + whole, from + n);
    }

    private static void plain(long params, long grads, int whole, float decay, long hyper) {
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = load(grads + i * 4L).mul(gradScale);
            g = decay == 0 ? g : g.add(p.mul(decay));
            store(params + i * 4L, p.sub(g.mul(lr)));
        }
    }

    private void momentum(long[] frame, long offset, int whole, float decay, long hyper) {
        long params = frame[0] + offset;
        long grads = frame[1] + offset;
        long buffer = frame[2] + offset;
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        boolean first = Raw.f32(hyper, 2) != 0;
        float momentum = spec.momentum();
        float fresh = 1 - spec.dampening();
        boolean nesterov = spec.nesterov();
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = load(grads + i * 4L).mul(gradScale);
            g = decay == 0 ? g : g.add(p.mul(decay));
            FloatVector moved = first ? g : load(buffer + i * 4L).mul(momentum).add(g.mul(fresh));
            store(buffer + i * 4L, moved);
            g = nesterov ? g.add(moved.mul(momentum)) : moved;
            store(params + i * 4L, p.sub(g.mul(lr)));
        }
    }
}
