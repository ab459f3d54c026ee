package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.Indices;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.CrossEntropySpec;

/**
 * Softmax cross-entropy and its gradient in one go, a row at a time: 4 B read and 4 B written a logit. The losses of the
 * rows are kept in scratch and added in double in their order, so the loss does not depend on threads.
 */
final class SimdCrossEntropy implements Kernel, Task {
    private static final int LOGITS = 0;
    private static final int TARGETS = 1;
    private static final int LOSS = 2;
    private static final int DIFF = 3;

    private final CrossEntropySpec spec;
    private final long rowsPerPiece;
    private final int pieces;
    private final Workers workers;
    private final int scratch;

    private SimdCrossEntropy(CrossEntropySpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.rowsPerPiece = Math.max(1, Elementwise.PIECE / spec.cols());
        this.pieces = Math.toIntExact((spec.rows() + rowsPerPiece - 1) / rowsPerPiece);
        this.scratch = spec.gradient() ? 4 : 3;
    }

    static Offer offer(CrossEntropySpec spec, Workers workers) {
        return Offer.of(new SimdCrossEntropy(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:crossentropy";
    }

    /** One loss a row, then for each thread a row of exponentials where there is no gradient to hold them. */
    @Override
    public long scratchBytes() {
        return Math.max(4, spec.rows() * 4 + (spec.gradient() ? 0 : workers.threads() * spec.cols() * 4L));
    }

    @Override
    public void execute(long[] frame) {
        long counted = Indices.targets(spec, frame[TARGETS]);
        frame[scratch + 1] = counted;
        workers.runApart(pieces, this, frame);
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
        long to = Math.min(spec.rows(), (index + 1L) * rowsPerPiece);
        for (long row = index * rowsPerPiece; row < to; row++) {
            long logits = frame[LOGITS] + row * cols * 4;
            long diff =
                    spec.gradient() ? frame[DIFF] + row * cols * 4 : losses + (spec.rows() + (long) worker * cols) * 4;
            int target = Raw.i32(frame[TARGETS], row);
            if (target == spec.ignoreIndex()) {
                Raw.f32(losses, row, 0);
                if (spec.gradient()) {
                    zero(diff, cols);
                }
                continue;
            }
            Raw.f32(losses, row, row(logits, diff, cols, target, share));
        }
    }

    private float row(long logits, long diff, int cols, int target, float share) {
        float max = Sums.max(logits, cols);
        double sum = SimdSoftmax.exponentials(logits, diff, cols, max);
        if (spec.gradient()) {
            float own = (float) ((Raw.f32(diff, target) / sum - 1) * share);
            SimdSoftmax.scale(diff, diff, cols, (float) (share / sum));
            Raw.f32(diff, target, own);
        }
        return ScalarMath.log((float) sum) - (Raw.f32(logits, target) - max);
    }

    private static void zero(long dst, int cols) {
        for (int i = 0; i < cols; i++) {
            Raw.f32(dst, i, 0);
        }
    }
}
