package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.BinarySpec;

/** a op b in one launch, b full or broadcast: 12 bytes an element, or 8 where b stays in a cache; bound by memory. */
public final class Binary {
    private Binary() {}

    public static Offer offer(CudaContext context, BinarySpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, BinarySpec spec, DType storage) {
        long count = spec.rows() * spec.cols();
        Divisor cols = Divisor.of(Math.max(1, spec.cols()), count);
        return Pointwise.offer(
                context,
                Pointwise.module("binary", storage),
                "cuda:binary",
                "gatun_binary_" + storage.word(),
                count,
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.i64(count),
                Arg.i32(spec.op().ordinal()),
                Arg.i32(spec.broadcast().ordinal()),
                Arg.i64(cols.divisor()),
                Arg.i32(cols.factor()),
                Arg.i32(cols.shift()));
    }
}
