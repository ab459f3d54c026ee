package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.CrossEntropySpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Cross-entropy of targets that have a share of every class: probabilities, or smoothed labels. The weights u of a row's
 * classes go to scratch, then u (max - x) beside them, which {@link Sums} adds; the gradient is softmax Σu - u. Three passes
 * over a row in L1 more than {@link SimdCrossEntropy}.
 */
final class SimdMixedCrossEntropy extends RowLosses {
    private static final VectorLoop TERMS = new VectorLoop(MethodHandles.lookup(), "terms");
    private static final VectorLoop SUBTRACT = new VectorLoop(MethodHandles.lookup(), "subtract");

    private final SoftmaxRows passes;
    private final int whole;
    private final float kept;
    private final float given;
    private final RowLoop mix = new RowLoop(MethodHandles.lookup(), this, "mix");
    private final long exponentials;
    /** Bytes of a row in scratch. */
    private final long line;

    SimdMixedCrossEntropy(CrossEntropySpec spec, Workers workers) {
        super(spec, workers);
        this.passes = new SoftmaxRows(cols);
        this.whole = Lanes.F.loopBound(cols);
        this.kept = 1 - spec.smoothing();
        this.given = spec.smoothing() / cols;
        this.line = (cols * 4L + 63) / 64 * 64;
        this.exponentials = spec.gradient() ? 0 : (passes.rows() * cols * 4L + 63) / 64 * 64;
    }

    @Override
    public String implementation() {
        return "simd:crossentropy mixed";
    }

    /** The passes', a row of u and one of terms, and exponentials that nobody wants. */
    @Override
    long space() {
        return (passes.scratchBytes() + 63) / 64 * 64 + 2 * line + exponentials;
    }

    @Override
    void rows(long[] frame, long from, long to, long losses, long space, float share) {
        long u = space + (passes.scratchBytes() + 63) / 64 * 64;
        boolean near = true;
        for (long row = from; row < to; row += passes.rows()) {
            int rows = (int) Math.min(passes.rows(), to - row);
            long logits = frame[LOGITS] + row * cols * 4;
            long diff = spec.gradient() ? frame[this.diff] + row * cols * 4 : u + 2 * line;
            near = passes.exponentials(logits, diff, space, rows, near, true);
            for (int r = 0; r < rows; r++) {
                weights(frame, row + r, u);
                double all = Sums.sum(Sums.Term.VALUE, u, 0, cols);
                // What is not looked at may be NaN.
                float loss = ignored(frame, row + r) ? 0 : loss(logits + (long) r * cols * 4, u, space, r, all);
                Raw.f32(losses, row + r, loss);
                SoftmaxRows.factor(space, r, (float) (all * share / passes.sum(space, r)));
            }
            if (spec.gradient()) {
                passes.scale(diff, space, rows);
                for (int r = 0; r < rows; r++) {
                    weights(frame, row + r, u);
                    subtract(frame, row + r, u, diff + (long) r * cols * 4, share);
                }
            }
        }
    }

    /** Σu log(sum exp(x - max)) + Σ u (max - x); of halves, for max - x may be twice the largest float. */
    private float loss(long x, long u, long space, int r, double all) {
        float max = SoftmaxRows.max(space, r);
        TERMS.run(x, u, u + line, whole, max);
        for (int c = whole; c < cols; c++) {
            float weight = Raw.f32(u, c);
            Raw.f32(u + line, c, weight == 0 ? 0 : weight * (0.5f * max - 0.5f * Raw.f32(x, c)));
        }
        float log = passes.logSum(space, r);
        // A row of no weight, whose logarithm may be infinite; not one of NaN.
        return all == 0 && log == log ? 0 : (float) (all * log + 2 * Sums.sum(Sums.Term.VALUE, u + line, 0, cols));
    }

    private void subtract(long[] frame, long row, long u, long diff, float share) {
        if (ignored(frame, row)) {
            Pack.zero(diff, cols);
            return;
        }
        SUBTRACT.run(u, 0, diff, whole, share);
        for (int c = whole; c < cols; c++) {
            Raw.f32(diff, c, Raw.f32(diff, c) - Raw.f32(u, c) * share);
        }
    }

    private boolean ignored(long[] frame, long row) {
        return !spec.probabilities() && Raw.i32(frame[TARGETS], row) == spec.ignoreIndex();
    }

    /** u of a row, zero if it does not count. */
    private void weights(long[] frame, long row, long u) {
        if (ignored(frame, row)) {
            Pack.zero(u, cols);
            return;
        }
        long targets = spec.probabilities() ? frame[TARGETS] + row * cols * 4 : 0;
        long classes = spec.weighted() ? frame[WEIGHTS] : 0;
        mix.run(targets, classes, u, whole);
        for (int c = whole; c < cols; c++) {
            float share = targets == 0 ? given : Raw.f32(targets, c) * kept + given;
            Raw.f32(u, c, classes == 0 ? share : share * Raw.f32(classes, c));
        }
        if (targets == 0) {
            int y = Raw.i32(frame[TARGETS], row);
            float w = classes == 0 ? 1 : Raw.f32(classes, y);
            Raw.f32(u, y, w * (kept + given));
        }
    }

    private void mix(long targets, long classes, long u, int n) {
        FloatVector kept = splat(this.kept);
        FloatVector given = splat(this.given);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector share =
                    targets == 0 ? given : load(targets + i).mul(kept).add(given);
            store(u + i, classes == 0 ? share : share.mul(load(classes + i)));
        }
    }

    private static void terms(long x, long u, long dst, int n, float max) {
        FloatVector top = splat(0.5f * max);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector weight = load(u + i);
            VectorMask<Float> nothing = weight.compare(VectorOperators.EQ, 0f);
            FloatVector terms = top.sub(load(x + i).mul(0.5f)).mul(weight);
            terms.blend(splat(0f), nothing).intoMemorySegment(Raw.MEMORY, dst + i, Lanes.ORDER);
        }
    }

    private static void subtract(long u, long unused, long diff, int n, float share) {
        FloatVector part = splat(share);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            load(diff + i).sub(load(u + i).mul(part)).intoMemorySegment(Raw.MEMORY, diff + i, Lanes.ORDER);
        }
    }
}
