package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.Direction;

/** An activation in one launch, the kind chosen by a branch that all threads take alike: 8 bytes an element forward, 12 backward, bound by
 * memory but for GELU and SiLU. The bits are those of the CPU's kernels. */
public final class Activations {
    private Activations() {}

    public static Offer offer(CudaContext context, ActivationSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** In this storage. */
    static Offer offer(CudaContext context, ActivationSpec spec, DType storage) {
        Activation activation = spec.activation();
        long count = spec.count();
        Arg kind = Arg.i32(activation.kind().ordinal());
        Arg alpha = Arg.f32(activation.alpha());
        Arg beta = Arg.f32(activation.beta());
        return spec.direction() == Direction.FORWARD
                ? Pointwise.offer(
                        context,
                        Pointwise.module("activation", storage),
                        "cuda:activation",
                        "gatun_activation_" + storage.word(),
                        count,
                        Arg.operand(0),
                        Arg.operand(1),
                        Arg.i64(count),
                        kind,
                        alpha,
                        beta)
                : Pointwise.offer(
                        context,
                        Pointwise.module("activation", storage),
                        "cuda:activation",
                        "gatun_activation_backward_" + storage.word(),
                        count,
                        Arg.operand(0),
                        Arg.operand(1),
                        Arg.operand(2),
                        Arg.i64(count),
                        kind,
                        alpha,
                        beta);
    }
}
