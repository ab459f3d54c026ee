package io.gatun.cuda.kernels;

import static io.gatun.cuda.kernels.FlatSweep.flag;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.AdamSpec;

/** Adam and AdamW: one launch, 28 bytes a parameter, with AMSGrad 36; the bits of the reference. */
public final class Adam {
    private Adam() {}

    public static Offer offer(CudaContext context, AdamSpec spec) {
        return Offer.of(FlatSweep.over(
                spec.count(),
                context,
                spec.decoupled() ? "cuda:adamw" : "cuda:adam",
                "gatun_adam_f32",
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                spec.amsgrad() ? Arg.operand(4) : Arg.none(),
                Arg.operand(spec.amsgrad() ? 5 : 4),
                Arg.i64(spec.count()),
                Arg.i64(spec.decayed()),
                Arg.f32(spec.weightDecay()),
                Arg.f32(spec.clip()),
                flag(spec.decoupled()),
                Arg.f32(spec.beta1()),
                Arg.f32(1 - spec.beta1()),
                Arg.f32(spec.beta2()),
                Arg.f32(1 - spec.beta2()),
                Arg.f32(spec.eps())));
    }
}
