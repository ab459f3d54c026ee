package io.gatun.autograd;

import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import java.lang.foreign.MemorySegment;

/** Gradient rule of the losses, whose kernels compute the gradient with the loss. */
final class LossGradients {
    private LossGradients() {}

    /** loss = l(x, t), or a sum of it: d(x) = d(loss) · l'(x), saved for d(loss) = 1; d(t) = -d(x) where l is one of x - t. */
    static void apply(Backward to, Op.Loss op, Tensor[] in, MemorySegment diffLoss) {
        Tensor prediction = in[0];
        Tensor target = in[1];
        if (to.wants(prediction)) {
            if (to.isOne(diffLoss)) {
                to.borrow(prediction, op.diff());
            } else {
                MemorySegment diff = to.into(prediction);
                to.plan(op.spread()).run(op.diff(), diffLoss, diff);
                to.wrote(prediction, diff);
            }
        }
        if (to.wants(target)) {
            long count = target.shape.elements();
            MemorySegment product = to.temporary(count);
            to.plan(op.spread()).run(op.diff(), diffLoss, product);
            MemorySegment diff = to.into(target);
            to.plan(new AxpbySpec(count, -1, 0)).run(product, diff);
            to.free(product);
            to.wrote(target, diff);
        }
    }

    /** d(loss) beside the gradient: one number for all. */
    static BinarySpec all(long count) {
        return new BinarySpec(BinarySpec.Op.MUL, BinarySpec.Broadcast.SCALAR, 1, count);
    }

    /** One number a row. */
    static BinarySpec rows(long rows, long cols) {
        return new BinarySpec(BinarySpec.Op.MUL, BinarySpec.Broadcast.COLUMN, rows, cols);
    }

    /** One number an element. */
    static BinarySpec each(long count) {
        return BinarySpec.of(BinarySpec.Op.MUL, count);
    }
}
