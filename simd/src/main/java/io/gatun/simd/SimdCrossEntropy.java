package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.Indices;
import io.gatun.spec.CrossEntropySpec;

/**
 * Softmax cross-entropy and its gradient in one go, in the passes of {@link SoftmaxRows}: 4 B read and 4 B written a
 * logit. The losses of the rows are kept in scratch and added in double in their order, so the loss does not depend on
 * threads.
 */
final class SimdCrossEntropy implements Kernel, Task {
    private static final int LOGITS = 0;
    private static final int TARGETS = 1;
    private static final int LOSS = 2;
    private static final int DIFF = 3;

    private final CrossEntropySpec spec;
    private final RowPieces cut;
    private final Workers workers;
    private final int scratch;
    private final SoftmaxRows passes;
    /** Bytes of the rows' losses, and of a thread's own scratch memory. */
    private final long losses;

    private final long space;

    private SimdCrossEntropy(CrossEntropySpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.cut = RowPieces.of(spec.rows(), spec.cols());
        this.scratch = spec.gradient() ? 4 : 3;
        this.passes = new SoftmaxRows(spec.cols());
        this.losses = (spec.rows() + 15) / 16 * 64;
        long group = (long) passes.rows() * 4;
        this.space = passes.scratchBytes() + (group * (spec.gradient() ? 1 : spec.cols()) + 63) / 64 * 64;
    }

    static Offer offer(CrossEntropySpec spec, Workers workers) {
        return Offer.of(new SimdCrossEntropy(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:crossentropy";
    }

    /** One loss a row, then for each thread the passes' and the targets' gradients, or exponentials that nobody wants. */
    @Override
    public long scratchBytes() {
        return losses + workers.threads() * space;
    }

    @Override
    public void execute(long[] frame) {
        long counted = Indices.targets(spec, frame[TARGETS]);
        frame[scratch + 1] = counted;
        workers.runApart(cut.count(), this, frame);
        double loss = 0;
        for (long row = 0; row < spec.rows(); row++) {
            loss += Raw.f32(frame[scratch], row);
        }
        Raw.f32(frame[LOSS], 0, (float) (loss / counted));
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        int cols = spec.cols();
        float share = 1f / frame[scratch + 1];
        long losses = frame[scratch];
        long space = losses + this.losses + worker * this.space;
        long to = cut.end(index);
        boolean near = true;
        for (long row = cut.first(index); row < to; row += passes.rows()) {
            int rows = (int) Math.min(passes.rows(), to - row);
            long logits = frame[LOGITS] + row * cols * 4;
            long targets = frame[TARGETS] + row * 4;
            long diff = spec.gradient() ? frame[DIFF] + row * cols * 4 : space + passes.scratchBytes();
            near = passes.exponentials(logits, diff, space, rows, near, true);
            for (int r = 0; r < rows; r++) {
                int target = Raw.i32(targets, r);
                Raw.f32(losses, row + r, 0);
                if (target != spec.ignoreIndex()) {
                    float below = Raw.f32(logits + (long) r * cols * 4, target) - SoftmaxRows.max(space, r);
                    Raw.f32(losses, row + r, passes.logSum(space, r) - below);
                }
            }
            if (spec.gradient()) {
                gradients(targets, diff, space, rows, share);
            }
        }
    }

    /** (softmax - onehot) share, in place of the exponentials; that of the target by itself, for p - 1 may cancel. */
    private void gradients(long targets, long diff, long space, int rows, float share) {
        int cols = spec.cols();
        long own = space + passes.scratchBytes();
        for (int r = 0; r < rows; r++) {
            double sum = passes.sum(space, r);
            int target = Raw.i32(targets, r);
            float e = target == spec.ignoreIndex() ? 0 : Raw.f32(diff + (long) r * cols * 4, target);
            Raw.f32(own, r, (float) ((e / sum - 1) * share));
            SoftmaxRows.factor(space, r, (float) (share / sum));
        }
        passes.scale(diff, space, rows);
        for (int r = 0; r < rows; r++) {
            long row = diff + (long) r * cols * 4;
            int target = Raw.i32(targets, r);
            if (target == spec.ignoreIndex()) {
                Pack.zero(row, cols);
            } else {
                Raw.f32(row, target, Raw.f32(own, r));
            }
        }
    }
}
