package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.LerpSpec;

/** y += weight (x - y) in one launch: 12 bytes an element, bound by memory. */
public final class Lerp {
    private Lerp() {}

    public static Offer offer(CudaContext context, LerpSpec spec) {
        return Pointwise.offer(
                context,
                "pointwise",
                "cuda:lerp",
                "gatun_lerp_f32",
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.i64(spec.count()));
    }
}
