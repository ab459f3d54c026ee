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
import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.SoftmaxSpec.Op;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Softmax and log-softmax a row at a time: memory sees 4 B read and 4 B written an element forward, 8 and 4 backward; the
 * further passes (maximum, exponentials, their sum, scaling) find the row in cache. The sum's tree is that of {@link Sums}.
 */
final class SimdSoftmax implements Kernel, Task {
    private static final VectorLoop EXPONENTIALS = new VectorLoop(MethodHandles.lookup(), "expDifferences");
    private static final VectorLoop LOG_BACKWARD = new VectorLoop(MethodHandles.lookup(), "logBackward");

    private final SoftmaxSpec spec;
    private final long rowsPerPiece;
    private final int pieces;
    private final Workers workers;

    private SimdSoftmax(SoftmaxSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.rowsPerPiece = Math.max(1, Elementwise.PIECE / Math.max(1, spec.cols()));
        this.pieces = spec.cols() == 0 ? 0 : Math.toIntExact((spec.rows() + rowsPerPiece - 1) / rowsPerPiece);
    }

    static Offer offer(SoftmaxSpec spec, Workers workers) {
        return Offer.of(new SimdSoftmax(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:softmax";
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        int cols = spec.cols();
        boolean log = spec.op() == Op.LOG_SOFTMAX;
        boolean forward = spec.direction() == Direction.FORWARD;
        long to = Math.min(spec.rows(), (index + 1L) * rowsPerPiece);
        for (long row = index * rowsPerPiece; row < to; row++) {
            long at = row * cols * 4;
            if (forward) {
                forward(frame[0] + at, frame[1] + at, cols, log);
            } else {
                backward(frame[0] + at, frame[1] + at, frame[2] + at, cols, log);
            }
        }
    }

    private static void forward(long src, long dst, int cols, boolean log) {
        float max = Sums.max(src, cols);
        double sum = exponentials(src, dst, cols, max);
        if (log) {
            subtract(src, dst, cols, max, ScalarMath.log((float) sum));
        } else {
            scale(dst, dst, cols, (float) (1 / sum));
        }
    }

    /** dst = e^(src - max), and its sum. */
    static double exponentials(long src, long dst, int cols, float max) {
        int whole = Lanes.F.loopBound(cols);
        EXPONENTIALS.run(src, 0, dst, whole, max);
        for (int i = whole; i < cols; i++) {
            Raw.f32(dst, i, ScalarMath.expDifference(Raw.f32(src, i), max));
        }
        return Sums.sum(Sums.Term.VALUE, dst, dst, cols);
    }

    private static void expDifferences(long src, long unused, long dst, int whole, float max) {
        FloatVector top = splat(max);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            // Not our store: this stands at the node count where C2 inlines only by annotation, see ActivationLoops.
            VectorMath.expDifference(load(src + i * 4L), top).intoMemorySegment(Raw.MEMORY, dst + i * 4L, Lanes.ORDER);
        }
    }

    static void scale(long src, long dst, int cols, float factor) {
        int whole = Lanes.F.loopBound(cols);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            store(dst + i * 4L, load(src + i * 4L).mul(factor));
        }
        for (int i = whole; i < cols; i++) {
            Raw.f32(dst, i, Raw.f32(src, i) * factor);
        }
    }

    private static void subtract(long src, long dst, int cols, float max, float logSum) {
        int whole = Lanes.F.loopBound(cols);
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            store(dst + i * 4L, load(src + i * 4L).sub(max).sub(logSum));
        }
        for (int i = whole; i < cols; i++) {
            Raw.f32(dst, i, Raw.f32(src, i) - max - logSum);
        }
    }

    /** diffSrc = y (g - sum g y), or g - e^y sum g for y = log softmax. */
    private static void backward(long dst, long diffDst, long diffSrc, int cols, boolean log) {
        float sum = (float) Sums.sum(log ? Sums.Term.VALUE : Sums.Term.PRODUCT, diffDst, dst, cols);
        int whole = Lanes.F.loopBound(cols);
        if (log) {
            LOG_BACKWARD.run(dst, diffDst, diffSrc, whole, sum);
        } else {
            for (int i = 0; i < whole; i += Lanes.COUNT) {
                store(
                        diffSrc + i * 4L,
                        load(dst + i * 4L).mul(load(diffDst + i * 4L).sub(sum)));
            }
        }
        for (int i = whole; i < cols; i++) {
            float y = Raw.f32(dst, i);
            float g = Raw.f32(diffDst, i);
            Raw.f32(diffSrc, i, log ? Math.fma(ScalarMath.exp(y), -sum, g) : y * (g - sum));
        }
    }

    private static void logBackward(long dst, long diffDst, long diffSrc, int whole, float sum) {
        for (int i = 0; i < whole; i += Lanes.COUNT) {
            FloatVector share = VectorMath.exp(load(dst + i * 4L));
            store(diffSrc + i * 4L, share.fma(splat(-sum), load(diffDst + i * 4L)));
        }
    }
}
