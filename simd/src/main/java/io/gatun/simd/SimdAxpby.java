package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.AxpbySpec;

/** y = alpha x + beta y in one pass: 8 B read and 4 B written an element, 4 and 4 where beta is 0. */
final class SimdAxpby extends Elementwise {
    private final float alpha;
    private final float beta;

    private SimdAxpby(AxpbySpec spec, Workers workers) {
        super(spec.count(), workers);
        this.alpha = spec.alpha();
        this.beta = spec.beta();
    }

    static Offer offer(AxpbySpec spec, Workers workers) {
        return Offer.of(new SimdAxpby(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:axpby";
    }

    @Override
    void range(long[] frame, long from, int n) {
        long x = frame[0] + from * 4;
        long y = frame[1] + from * 4;
        int whole = Lanes.F.loopBound(n);
        if (beta == 0) {
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                store(y + i * 4L, load(x + i * 4L).mul(alpha));
            }
        } else {
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                store(
                        y + i * 4L,
                        Lanes.splat(alpha)
                                .fma(load(x + i * 4L), load(y + i * 4L).mul(beta)));
            }
        }
        for (int i = whole; i < n; i++) {
            Raw.f32(y, i, ScalarMath.axpby(alpha, Raw.f32(x, i), beta, beta == 0 ? 0 : Raw.f32(y, i)));
        }
    }
}
