package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.Dims;
import io.gatun.spec.Direction;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.ReduceSpec;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * PReLU by rows, or by pieces where there is one slope. Backward writes the terms of the slope's gradient to scratch, 4 B an
 * element, and sums them as any other reduction, so that its tree is fixed by the sizes.
 */
final class SimdPRelu implements Kernel, Task {
    private final PReluSpec spec;
    private final boolean forward;
    private final boolean one;
    private final long run;
    private final long runs;
    private final long perPiece;
    private final int pieces;
    private final long total;
    /** Null forward. */
    private final SimdReduce sums;

    private final Workers workers;

    private SimdPRelu(PReluSpec spec, SimdReduce sums, Workers workers) {
        this.spec = spec;
        this.sums = sums;
        this.workers = workers;
        this.forward = spec.direction() == Direction.FORWARD;
        this.one = spec.one();
        this.total = spec.rows() * spec.cols();
        this.run = one ? Elementwise.PIECE : spec.cols();
        this.runs = one ? Math.ceilDiv(total, run) : spec.rows();
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, run));
        this.pieces = total == 0 ? 0 : Math.toIntExact(Math.ceilDiv(runs, perPiece));
    }

    static Offer offer(PReluSpec spec, Workers workers) {
        if (spec.direction() == Direction.FORWARD) {
            return Offer.of(new SimdPRelu(spec, null, workers));
        }
        if (spec.rows() > Integer.MAX_VALUE) {
            return Offer.refused(spec.rows() + " rows are too many for the sum of a slope");
        }
        Dims shape = Dims.of((int) spec.rows(), spec.cols());
        ReduceSpec reduction = new ReduceSpec(ReduceSpec.Op.SUM, shape, spec.one() ? Dims.of(0, 1) : Dims.of(0));
        return switch (SimdReduce.offer(reduction, workers)) {
            case Offer.Taken(Kernel kernel) -> Offer.of(new SimdPRelu(spec, (SimdReduce) kernel, workers));
            case Offer.Refused refused -> refused;
        };
    }

    @Override
    public String implementation() {
        return "simd:prelu";
    }

    /** Backward: the terms, then what their reduction wants. */
    @Override
    public long scratchBytes() {
        return forward ? 0 : terms() + sums.scratchBytes();
    }

    private long terms() {
        return Math.ceilDiv(total * 4, 64L) * 64;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
        if (!forward) {
            sums.sum(frame, frame[5], frame[4], frame[5] + terms());
        }
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(runs, (index + 1L) * perPiece);
        for (long r = index * perPiece; r < to; r++) {
            long at = r * run * 4;
            int n = (int) Math.min(run, total - r * run);
            if (forward) {
                forward(frame[0] + at, frame[1], frame[2] + at, n);
            } else {
                backward(frame[0] + at, frame[1], frame[2] + at, frame[3] + at, frame[5] + at, n);
            }
        }
    }

    private void forward(long src, long slope, long dst, int n) {
        int whole = Lanes.F.loopBound(n);
        if (one) {
            shared(src, Raw.f32(slope, 0), dst, whole);
        } else {
            byColumn(src, slope, dst, whole);
        }
        for (int i = whole; i < n; i++) {
            float x = Raw.f32(src, i);
            Raw.f32(dst, i, x > 0 ? x : Raw.f32(slope, one ? 0 : i) * x);
        }
    }

    private static void shared(long src, float slope, long dst, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(dst + i, VectorMath.leakyRelu(load(src + i), slope));
        }
    }

    private static void byColumn(long src, long slope, long dst, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector x = load(src + i);
            store(dst + i, x.mul(load(slope + i)).blend(x, x.compare(VectorOperators.GT, 0f)));
        }
    }

    private void backward(long src, long slope, long diffDst, long diffSrc, long terms, int n) {
        int whole = Lanes.F.loopBound(n);
        if (one) {
            sharedBackward(src, Raw.f32(slope, 0), diffDst, diffSrc, whole);
        } else {
            byColumnBackward(src, slope, diffDst, diffSrc, whole);
        }
        terms(src, diffDst, terms, whole);
        for (int i = whole; i < n; i++) {
            float x = Raw.f32(src, i);
            float g = Raw.f32(diffDst, i);
            Raw.f32(diffSrc, i, g * ScalarMath.slope(x, Raw.f32(slope, one ? 0 : i)));
            Raw.f32(terms, i, x > 0 ? 0 : g * x);
        }
    }

    private static void sharedBackward(long src, float slope, long diffDst, long diffSrc, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            store(diffSrc + i, load(diffDst + i).mul(VectorMath.slope(load(src + i), slope)));
        }
    }

    private static void byColumnBackward(long src, long slope, long diffDst, long diffSrc, int n) {
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector x = load(src + i);
            VectorMask<Float> nan = x.test(VectorOperators.IS_NAN);
            FloatVector factor =
                    load(slope + i).blend(1f, x.compare(VectorOperators.GT, 0f)).blend(x, nan);
            store(diffSrc + i, load(diffDst + i).mul(factor));
        }
    }

    private static void terms(long src, long diffDst, long terms, int n) {
        FloatVector zero = splat(0f);
        for (long i = 0; i < n * 4L; i += Lanes.BYTES) {
            FloatVector x = load(src + i);
            store(terms + i, load(diffDst + i).mul(x).blend(zero, x.compare(VectorOperators.GT, 0f)));
        }
    }
}
