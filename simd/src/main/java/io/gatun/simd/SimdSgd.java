package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceSgd;
import io.gatun.spec.SgdSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Fused SGD, one pass: 12 B read and 8 B written an element with momentum, 8 and 4 without. */
final class SimdSgd extends OptimizerKernel {
    private final SgdSpec spec;

    private SimdSgd(SgdSpec spec, Workers workers) {
        super(spec.count(), spec.decayed(), workers, MethodHandles.lookup());
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
    float decay(long[] frame) {
        return spec.weightDecay();
    }

    @Override
    void rest(long[] frame, long from, long to) {
        ReferenceSgd.update(spec, frame, from, to);
    }

    void step(long[] frame, long bytes, int n, float decay) {
        if (spec.momentum() > 0) {
            momentum(frame, bytes, n, decay);
        } else {
            plain(frame[0] + bytes, frame[1] + bytes, n, decay, frame[2]);
        }
    }

    private void plain(long params, long grads, int n, float decay, long hyper) {
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        float clip = spec.clip();
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = clipped(load(grads + i * 4L).mul(gradScale), clip);
            g = decay == 0 ? g : g.add(p.mul(decay));
            store(params + i * 4L, p.sub(g.mul(lr)));
        }
    }

    private void momentum(long[] frame, long bytes, int n, float decay) {
        long params = frame[0] + bytes;
        long grads = frame[1] + bytes;
        long buffer = frame[2] + bytes;
        float lr = Raw.f32(frame[3], 0);
        float gradScale = Raw.f32(frame[3], 1);
        boolean first = Raw.f32(frame[3], 2) != 0;
        float momentum = spec.momentum();
        float fresh = 1 - spec.dampening();
        boolean nesterov = spec.nesterov();
        float clip = spec.clip();
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = clipped(load(grads + i * 4L).mul(gradScale), clip);
            g = decay == 0 ? g : g.add(p.mul(decay));
            FloatVector moved = first ? g : load(buffer + i * 4L).mul(momentum).add(g.mul(fresh));
            store(buffer + i * 4L, moved);
            g = nesterov ? g.add(moved.mul(momentum)) : moved;
            store(params + i * 4L, p.sub(g.mul(lr)));
        }
    }
}
