package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;

/** What a step needs besides its layers, one launch each: so few numbers that the launch is what they cost. */
public final class Services {
    private static final String MODULE = "service";

    private Services() {}

    public static Offer offer(CudaContext context, AverageSpec spec) {
        return Pointwise.offer(
                context,
                MODULE,
                "cuda:average",
                "gatun_average_f32",
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.i64(spec.count()));
    }

    public static Offer offer(CudaContext context, InverseDeviationSpec spec) {
        return Pointwise.offer(
                context,
                MODULE,
                "cuda:inversedeviation",
                "gatun_inverse_deviation_f32",
                spec.count(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(spec.count()),
                Arg.f32(spec.eps()));
    }

    public static Offer offer(CudaContext context, PaddingMaskSpec spec) {
        long count = (long) spec.batch() * spec.keys();
        if (spec.keys() == 0 && spec.batch() > 0) {
            return Offer.refused("no length is right for 0 keys, and no thread would say so");
        }
        return Pointwise.offer(
                context,
                MODULE,
                "cuda:paddingmask",
                "gatun_padding_mask_f32",
                count,
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(count),
                Arg.i32(spec.keys()),
                Arg.pointer(context.fault().address()),
                Arg.i32(context.fault()
                        .code(spec + ": the length of sequence {position} is {value}, not within 1 and " + spec.keys()
                                + " keys; a query that sees no key gets NaN")));
    }

    public static Offer offer(CudaContext context, ClipNormSpec spec) {
        return Offer.of(Recipe.of(context, MODULE, "cuda:clipnorm")
                .launch("gatun_clip_norm_f32", Grid.blocks(1, 1), Arg.operand(0), Arg.operand(1), Arg.f32(spec.norm()))
                .build());
    }

    public static Offer offer(CudaContext context, RowNumbersSpec spec) {
        long count = spec.given() * spec.times();
        return Pointwise.offer(
                context,
                MODULE,
                "cuda:rownumbers",
                "gatun_row_numbers",
                count,
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(count),
                Arg.i64(spec.given()),
                Arg.i32(spec.n()),
                Arg.i64(spec.k()),
                Arg.pointer(context.fault().address()),
                Arg.i32(context.fault()
                        .code(spec + ": index {position} is {value}, not within 0 and " + (spec.n() - 1))));
    }

    public static Offer offer(CudaContext context, RunningMomentsSpec spec) {
        return Pointwise.offer(
                context,
                MODULE,
                "cuda:runningmoments",
                "gatun_running_moments_f32",
                4L * spec.c(),
                Arg.operand(0),
                Arg.operand(1),
                Arg.operand(2),
                Arg.operand(3),
                Arg.i64(spec.n()),
                Arg.i32(spec.c()),
                Arg.i64(spec.hw()),
                Arg.f32(spec.momentum()),
                Arg.f32(spec.eps()));
    }
}
