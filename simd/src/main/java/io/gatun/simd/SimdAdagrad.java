package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ReferenceAdagrad;
import io.gatun.spec.AdagradSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Fused AdaGrad, one pass: 12 B read and 8 B written an element. */
final class SimdAdagrad extends OptimizerKernel {
    private final AdagradSpec spec;

    private SimdAdagrad(AdagradSpec spec, Workers workers) {
        super(spec.count(), spec.decayed(), workers, MethodHandles.lookup());
        this.spec = spec;
    }

    static Offer offer(AdagradSpec spec, Workers workers) {
        return Offer.of(new SimdAdagrad(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:adagrad";
    }

    @Override
    float decay(long[] frame) {
        return spec.weightDecay();
    }

    @Override
    void rest(long[] frame, long from, long to) {
        ReferenceAdagrad.update(spec, frame, from, to);
    }

    void step(long[] frame, long bytes, int n, float decay) {
        long params = frame[0] + bytes;
        long grads = frame[1] + bytes;
        long sums = frame[2] + bytes;
        float lr = Raw.f32(frame[3], 0);
        float gradScale = Raw.f32(frame[3], 1);
        float eps = spec.eps();
        float clip = spec.clip();
        for (int i = 0; i < n; i += Lanes.COUNT) {
            FloatVector p = load(params + i * 4L);
            FloatVector g = clipped(load(grads + i * 4L).mul(gradScale), clip);
            g = decay == 0 ? g : g.add(p.mul(decay));
            FloatVector sum = load(sums + i * 4L).add(g.mul(g));
            store(sums + i * 4L, sum);
            store(params + i * 4L, p.sub(g.mul(lr).div(sum.sqrt().add(eps))));
        }
    }
}
