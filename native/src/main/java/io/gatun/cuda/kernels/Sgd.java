package io.gatun.cuda.kernels;

import static io.gatun.cuda.kernels.FlatSweep.flag;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.SgdSpec;

/** One launch, 12 bytes a parameter, with momentum 20; the bits of the reference. */
public final class Sgd {
    private Sgd() {}

    public static Offer offer(CudaContext context, SgdSpec spec) {
        boolean momentum = spec.momentum() > 0;
        return Offer.of(FlatSweep.over(
                spec.count(),
                context,
                "cuda:sgd",
                "gatun_sgd_f32",
                Arg.operand(0),
                Arg.operand(1),
                momentum ? Arg.operand(2) : Arg.none(),
                Arg.operand(momentum ? 3 : 2),
                Arg.i64(spec.count()),
                Arg.i64(spec.decayed()),
                Arg.f32(spec.weightDecay()),
                Arg.f32(spec.clip()),
                Arg.f32(spec.momentum()),
                Arg.f32(1 - spec.dampening()),
                flag(spec.nesterov())));
    }
}
