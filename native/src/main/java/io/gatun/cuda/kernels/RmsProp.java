package io.gatun.cuda.kernels;

import static io.gatun.cuda.kernels.FlatSweep.flag;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.RmsPropSpec;

/** One launch, 20 bytes a parameter and 8 more for a mean and for a momentum each; the bits of the reference. */
public final class RmsProp {
    private RmsProp() {}

    public static Offer offer(CudaContext context, RmsPropSpec spec) {
        boolean momentum = spec.momentum() > 0;
        int buffer = spec.centered() ? 4 : 3;
        return Offer.of(FlatSweep.over(
                spec.count(),
                context,
                "cuda:rmsprop",
                "gatun_rmsprop_f32",
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                spec.centered() ? Arg.operand(3) : Arg.none(),
                momentum ? Arg.operand(buffer) : Arg.none(),
                Arg.operand(momentum ? buffer + 1 : buffer),
                Arg.i64(spec.count()),
                Arg.i64(spec.decayed()),
                Arg.f32(spec.weightDecay()),
                Arg.f32(spec.clip()),
                Arg.f32(spec.alpha()),
                Arg.f32(1 - spec.alpha()),
                Arg.f32(spec.eps()),
                Arg.f32(spec.momentum()),
                flag(spec.inside())));
    }
}
