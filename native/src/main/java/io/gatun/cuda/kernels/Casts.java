package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.CastSpec;

/** Numbers in another floating type in one launch: 6 bytes an element, 4 between the 16-bit types; bound by memory. */
public final class Casts {
    private Casts() {}

    public static Offer offer(CudaContext context, CastSpec spec) {
        return Pointwise.offer(
                context,
                "pointwise",
                "cuda:cast",
                "gatun_cast_" + spec.from().word() + "_" + spec.to().word(),
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(spec.count()));
    }
}
