package io.gatun.autograd;

import io.gatun.spec.CopySpec;
import java.lang.foreign.MemorySegment;

/** The rules of what cuts, joins and repeats blocks. */
final class PieceGradients {
    private PieceGradients() {}

    /** dst = a block of src: d(src) in that block += d(dst), elsewhere nothing. */
    static void cut(Backward to, Op.Cut op, Tensor src, MemorySegment diffDst) {
        MemorySegment sum = to.sum(src).asSlice(op.offset());
        to.plan(op.spec().reversed(true), src.type).run(diffDst, sum);
    }

    /** Blocks of dst = the inputs: d(input) = that block of d(dst). */
    static void join(Backward to, Op.Join op, Tensor[] in, MemorySegment diffDst) {
        for (int i = 0; i < in.length; i++) {
            if (to.wants(in[i])) {
                CopySpec back = op.specs()[i].reversed(false);
                MemorySegment diff = to.into(in[i]);
                to.plan(back, in[i].type).run(diffDst.asSlice(op.offsets()[i]), diff);
                to.wrote(in[i], diff);
            }
        }
    }

    /** dst = src repeated along axes: d(src) = Σ of d(dst) over them. */
    static void expand(Backward to, Op.Expand op, Tensor src, MemorySegment diffDst) {
        MemorySegment diff = to.into(src);
        to.plan(op.uses(), src.type).run(diffDst, diff);
        to.wrote(src, diff);
    }
}
