package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.Indices;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;

/**
 * A loss for each row, by pieces of rows. The losses of the rows are kept and added in double in their order, so their sum
 * does not depend on threads.
 */
abstract class RowLosses implements Kernel, Task {
    static final int LOGITS = 0;
    static final int TARGETS = 1;
    static final int WEIGHTS = 2;

    final CrossEntropySpec spec;
    final int cols;
    final int diff;
    private final RowPieces cut;
    private final Workers workers;
    private final boolean each;
    private final int loss;
    private final int scratch;
    /** Bytes of the rows' losses. */
    private final long losses;

    RowLosses(CrossEntropySpec spec, Workers workers) {
        this.spec = spec;
        this.cols = spec.cols();
        this.workers = workers;
        this.cut = RowPieces.of(spec.rows(), spec.cols());
        this.each = spec.reduction() == Reduction.NONE;
        this.loss = spec.lossOperand();
        this.diff = loss + 1;
        this.scratch = spec.operands().size();
        this.losses = each ? 0 : (spec.rows() + 15) / 16 * 64;
    }

    /** Bytes of a thread's own scratch memory, whole lines. */
    abstract long space();

    /** The losses of rows {@code from} to {@code to - 1}, and their gradients times {@code share}. */
    abstract void rows(long[] frame, long from, long to, long losses, long space, float share);

    @Override
    public final long scratchBytes() {
        return losses + workers.threads() * space();
    }

    @Override
    public final void execute(long[] frame) {
        double divisor = Indices.divisor(spec, frame);
        frame[scratch + 1] = Float.floatToRawIntBits(1f / (float) divisor);
        workers.runApart(cut.count(), this, frame);
        if (!each) {
            double sum = 0;
            for (long row = 0; row < spec.rows(); row++) {
                sum += Raw.f32(frame[scratch], row);
            }
            Raw.f32(frame[loss], 0, (float) (sum / divisor));
        }
    }

    @Override
    public final void run(long[] frame, int index, int worker) {
        long space = frame[scratch] + losses + worker * space();
        float share = Float.intBitsToFloat((int) frame[scratch + 1]);
        rows(frame, cut.first(index), cut.end(index), each ? frame[loss] : frame[scratch], space, share);
    }
}
