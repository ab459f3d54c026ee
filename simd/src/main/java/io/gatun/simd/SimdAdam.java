package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceAdam;
import io.gatun.spec.AdamSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Fused Adam and AdamW, one pass: 16 B read and 12 B written an element, with AMSGrad 20 and 16; so memory bound. */
final class SimdAdam extends OptimizerKernel {
    private final AdamSpec spec;

    private SimdAdam(AdamSpec spec, Workers workers) {
        super(spec.count(), spec.decayed(), workers, MethodHandles.lookup());
        this.spec = spec;
    }

    static Offer offer(AdamSpec spec, Workers workers) {
        return Offer.of(new SimdAdam(spec, workers));
    }

    @Override
    public String implementation() {
        return spec.decoupled() ? "simd:adamw" : "simd:adam";
    }

    @Override
    float decay(long[] frame) {
        return spec.decoupled() ? Raw.f32(hyper(frame), 0) * spec.weightDecay() : spec.weightDecay();
    }

    private long hyper(long[] frame) {
        return frame[spec.amsgrad() ? 5 : 4];
    }

    @Override
    void rest(long[] frame, long from, long to) {
        ReferenceAdam.update(spec, frame, from, to);
    }

    void step(long[] frame, long bytes, int n, float decay) {
        long params = frame[0] + bytes;
        long grads = frame[1] + bytes;
        long first = frame[2] + bytes;
        long second = frame[3] + bytes;
        long most = frame[4] + bytes;
        long hyper = hyper(frame);
        float gradScale = Raw.f32(hyper, 1);
        float step = Raw.f32(hyper, 2);
        float rootScale = Raw.f32(hyper, 3);
        float beta1 = spec.beta1();
        float beta2 = spec.beta2();
        float eps = spec.eps();
        float clip = spec.clip();
        float shrink = spec.decoupled() ? decay : 0;
        float added = spec.decoupled() ? 0 : decay;
        boolean amsgrad = spec.amsgrad();
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector g = clipped(load(grads + i * 4L).mul(gradScale), clip);
            FloatVector p = load(params + i * 4L);
            p = shrink == 0 ? p : p.sub(p.mul(shrink));
            g = added == 0 ? g : g.add(p.mul(added));
            FloatVector m = load(first + i * 4L).mul(beta1).add(g.mul(1 - beta1));
            FloatVector v =
                    load(second + i * 4L).mul(beta2).add(g.mul(1 - beta2).mul(g));
            store(first + i * 4L, m);
            store(second + i * 4L, v);
            if (amsgrad) {
                v = load(most + i * 4L).max(v);
                store(most + i * 4L, v);
            }
            FloatVector denominator = v.sqrt().mul(rootScale).add(eps);
            store(params + i * 4L, p.sub(m.mul(step).div(denominator)));
        }
    }
}
