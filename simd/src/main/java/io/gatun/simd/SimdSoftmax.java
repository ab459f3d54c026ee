package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.SoftmaxSpec.Op;

/** Softmax and log-softmax forward: 4 B read from memory and 4 B written an element, in the passes of {@link SoftmaxRows}. */
final class SimdSoftmax implements Kernel, Task {
    private final SoftmaxSpec spec;
    private final SoftmaxRows passes;
    private final RowPieces cut;
    private final int pieces;
    private final Workers workers;

    private SimdSoftmax(SoftmaxSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.passes = new SoftmaxRows(spec.cols());
        this.cut = RowPieces.of(spec.rows(), spec.cols());
        this.pieces = spec.cols() == 0 ? 0 : cut.count();
    }

    static Offer offer(SoftmaxSpec spec, Workers workers) {
        return Offer.of(
                spec.direction() == Direction.FORWARD
                        ? new SimdSoftmax(spec, workers)
                        : new SimdSoftmaxBackward(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:softmax";
    }

    @Override
    public long scratchBytes() {
        return workers.threads() * passes.scratchBytes();
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long scratch = frame[2] + worker * passes.scratchBytes();
        long to = cut.end(index);
        boolean log = spec.op() == Op.LOG_SOFTMAX;
        boolean near = true;
        for (long row = cut.first(index); row < to; row += passes.rows()) {
            int rows = (int) Math.min(passes.rows(), to - row);
            long at = row * spec.cols() * 4;
            long src = frame[0] + at;
            long dst = frame[1] + at;
            near = passes.exponentials(src, dst, scratch, rows, near, log);
            if (log) {
                for (int r = 0; r < rows; r++) {
                    SoftmaxRows.factor(scratch, r, passes.logSum(scratch, r));
                }
                passes.subtract(src, dst, scratch, rows);
            } else {
                for (int r = 0; r < rows; r++) {
                    SoftmaxRows.factor(scratch, r, (float) (1 / passes.sum(scratch, r)));
                }
                passes.scale(dst, scratch, rows);
            }
        }
    }
}
