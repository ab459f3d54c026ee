package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceRmsProp;
import io.gatun.spec.RmsPropSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Fused RMSProp, one pass: 12 B read and 8 B written an element; centered, and with momentum, 4 and 4 more each. */
final class SimdRmsProp extends OptimizerKernel {
    private final RmsPropSpec spec;

    private SimdRmsProp(RmsPropSpec spec, Workers workers) {
        super(spec.count(), spec.decayed(), workers, MethodHandles.lookup());
        this.spec = spec;
    }

    static Offer offer(RmsPropSpec spec, Workers workers) {
        return Offer.of(new SimdRmsProp(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:rmsprop";
    }

    @Override
    float decay(long[] frame) {
        return spec.weightDecay();
    }

    @Override
    void rest(long[] frame, long from, long to) {
        ReferenceRmsProp.update(spec, frame, from, to);
    }

    void step(long[] frame, long bytes, int n, float decay) {
        boolean centered = spec.centered();
        boolean inside = spec.inside();
        float momentum = spec.momentum();
        long params = frame[0] + bytes;
        long grads = frame[1] + bytes;
        long squares = frame[2] + bytes;
        long means = frame[3] + bytes;
        long buffer = frame[centered ? 4 : 3] + bytes;
        long hyper = frame[3 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0)];
        float lr = Raw.f32(hyper, 0);
        float gradScale = Raw.f32(hyper, 1);
        float alpha = spec.alpha();
        float fresh = 1 - alpha;
        float eps = spec.eps();
        float clip = spec.clip();
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = clipped(load(grads + i * 4L).mul(gradScale), clip);
            g = decay == 0 ? g : g.add(p.mul(decay));
            FloatVector s = load(squares + i * 4L).mul(alpha).add(g.mul(fresh).mul(g));
            store(squares + i * 4L, s);
            if (centered) {
                FloatVector mean = load(means + i * 4L).mul(alpha).add(g.mul(fresh));
                store(means + i * 4L, mean);
                s = s.sub(mean.mul(mean)).max(0f);
            }
            FloatVector d = g.div(inside ? s.add(eps).sqrt() : s.sqrt().add(eps));
            if (momentum > 0) {
                d = load(buffer + i * 4L).mul(momentum).add(d);
                store(buffer + i * 4L, d);
            }
            store(params + i * 4L, p.sub(d.mul(lr)));
        }
    }
}
