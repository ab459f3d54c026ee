package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.AxpbySpec;

/** y = alpha x + beta y in one launch: 8 bytes an element, 12 where beta is not 0; bound by memory. */
public final class Axpby {
    private Axpby() {}

    public static Offer offer(CudaContext context, AxpbySpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, AxpbySpec spec, DType storage) {
        return Pointwise.offer(
                context,
                Pointwise.module("pointwise", storage),
                "cuda:axpby",
                "gatun_axpby_" + storage.word(),
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(spec.count()),
                Arg.f32(spec.alpha()),
                Arg.f32(spec.beta()));
    }
}
