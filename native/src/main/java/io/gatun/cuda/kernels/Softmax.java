package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * One launch; 8 bytes an element forward and 12 backward, where a row is above 4,096 columns 12 and 20; half of it in 16-bit
 * storage.
 */
public final class Softmax {
    private Softmax() {}

    public static Offer offer(CudaContext context, SoftmaxSpec spec) {
        return offer(context, spec, DType.F32);
    }

    /** Of rows in this storage. */
    static Offer offer(CudaContext context, SoftmaxSpec spec, DType storage) {
        boolean forward = spec.direction() == Direction.FORWARD;
        String module = storage == DType.F32 ? "softmax" : "softmax_" + storage.word();
        if (spec.rows() == 0 || spec.cols() == 0) {
            return Offer.of(Recipe.of(context, module, "cuda:softmax").build());
        }
        RowTeam team = RowTeam.of(spec.rows(), spec.cols());
        List<Arg> arguments = new ArrayList<>(List.of(Arg.operand(0), Arg.operand(1)));
        if (!forward) {
            arguments.add(Arg.operand(2));
        }
        if (team.ofLanes()) {
            arguments.add(Arg.i64(spec.rows()));
        }
        arguments.add(Arg.i32(spec.cols()));
        if (team.ofLanes()) {
            arguments.add(Arg.i32(team.lanes()));
        }
        arguments.add(Arg.i32(spec.op() == SoftmaxSpec.Op.LOG_SOFTMAX ? 1 : 0));
        String function = "gatun_softmax_" + (forward ? "" : "backward_") + team.kernels() + "_" + storage.word();
        return Offer.of(Recipe.of(context, module, "cuda:softmax " + team.kernels())
                .launch(function, team.grid(), arguments.toArray(Arg[]::new))
                .build());
    }
}
