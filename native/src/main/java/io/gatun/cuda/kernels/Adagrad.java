package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.AdagradSpec;

/** One launch, 20 bytes a parameter; the bits of the reference. */
public final class Adagrad {
    private Adagrad() {}

    public static Offer offer(CudaContext context, AdagradSpec spec) {
        return Offer.of(FlatSweep.over(
                spec.count(),
                context,
                "cuda:adagrad",
                "gatun_adagrad_f32",
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                Arg.i64(spec.count()),
                Arg.i64(spec.decayed()),
                Arg.f32(spec.weightDecay()),
                Arg.f32(spec.clip()),
                Arg.f32(spec.eps())));
    }
}
