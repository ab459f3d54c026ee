package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.WhereSpec;

/** One of two numbers for each element in one launch: 16 bytes an element, 4 less for each of the two that is one number; bound by memory. */
public final class Where {
    private Where() {}

    public static Offer offer(CudaContext context, WhereSpec spec) {
        return Pointwise.offer(
                context,
                "pointwise",
                "cuda:where",
                "gatun_where_f32",
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                Arg.i64(spec.count()),
                Arg.i32(spec.oneA() ? 1 : 0),
                Arg.i32(spec.oneB() ? 1 : 0));
    }
}
