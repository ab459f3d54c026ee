package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.PowerSpec;

/** A power of each element in double, in one launch: 8 bytes an element forward, 12 backward; bound by the double precision units. */
public final class Powers {
    private Powers() {}

    public static Offer offer(CudaContext context, PowerSpec spec) {
        Arg count = Arg.i64(spec.count());
        Arg exponent = Arg.f32(spec.exponent());
        return spec.direction() == Direction.FORWARD
                ? Pointwise.offer(
                        context,
                        "service",
                        "cuda:power",
                        "gatun_power_f32",
                        spec.count(),
                        Arg.operand(0),
                        Arg.operand(1),
                        count,
                        exponent)
                : Pointwise.offer(
                        context,
                        "service",
                        "cuda:power",
                        "gatun_power_backward_f32",
                        spec.count(),
                        Arg.operand(0),
                        Arg.operand(1),
                        Arg.operand(2),
                        count,
                        exponent);
    }
}
