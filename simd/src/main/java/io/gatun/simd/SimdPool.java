package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.PoolSpec.Op;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Pooling forward over NHWC images, vectors of channels: each input element is read once from memory (4 B), and 4 B an
 * output element are written, 8 with indices. The cells of a window come from cache where windows overlap.
 */
final class SimdPool implements Kernel, Task {
    private static final int SRC = 0;
    private static final int DST = 1;
    private static final int INDICES = 2;

    private final PoolSpec spec;
    private final PoolWindows windows;
    private final int oh;
    private final int ow;
    private final long rows;
    private final long rowsPerPiece;
    private final int pieces;
    private final Workers workers;

    SimdPool(PoolSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.windows = new PoolWindows(spec);
        this.oh = spec.oh();
        this.ow = spec.ow();
        this.rows = ow == 0 ? 0 : (long) spec.n() * oh;
        long work = Math.max(1, (long) ow * spec.c() * Math.max(1, (long) spec.sh() * spec.sw()));
        this.rowsPerPiece = Math.max(1, Elementwise.PIECE / work);
        this.pieces = Math.toIntExact((rows + rowsPerPiece - 1) / rowsPerPiece);
    }

    static Offer offer(PoolSpec spec, Workers workers) {
        return Offer.of(
                switch (spec.direction()) {
                    case FORWARD -> new SimdPool(spec, workers);
                    case BACKWARD -> new SimdPoolBackward(spec, workers);
                });
    }

    @Override
    public String implementation() {
        return spec.op() == Op.MAX ? "simd:pool max" : "simd:pool average";
    }

    @Override
    public void execute(long[] frame) {
        workers.run(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(rows, (index + 1L) * rowsPerPiece);
        for (long row = index * rowsPerPiece; row < to; row++) {
            int y = (int) (row % oh);
            int top = windows.top(y);
            int bottom = windows.bottom(y);
            long image = frame[SRC] + row / oh * spec.h() * spec.w() * spec.c() * 4;
            for (int x = 0; x < ow; x++) {
                long at = (row * ow + x) * spec.c() * 4;
                int left = windows.left(x);
                int right = windows.right(x);
                if (spec.op() == Op.MAX) {
                    max(image, frame[DST] + at, frame[INDICES] + at, top, bottom, left, right);
                } else {
                    average(image, frame[DST] + at, top, bottom, left, right, windows.divisor(y, x));
                }
            }
        }
    }

    /** The first of the largest, or the first NaN; -Inf and -1 for a window without cells. */
    private void max(long image, long dst, long indices, int top, int bottom, int left, int right) {
        int c = spec.c();
        int w = spec.w();
        for (int k = 0; k < c; k += Lanes.COUNT) {
            VectorMask<Float> there = Lanes.first(c - k);
            FloatVector best = splat(Float.NEGATIVE_INFINITY);
            IntVector where = IntVector.broadcast(Lanes.I, top < bottom && left < right ? top * w + left : -1);
            for (int y = top; y < bottom; y++) {
                for (int x = left; x < right; x++) {
                    FloatVector v = load(image + ((long) (y * w + x) * c + k) * 4, there);
                    VectorMask<Float> keep = v.compare(VectorOperators.LE, best).or(best.test(VectorOperators.IS_NAN));
                    best = v.blend(best, keep);
                    where = IntVector.broadcast(Lanes.I, y * w + x).blend(where, keep.cast(Lanes.I));
                }
            }
            store(dst + k * 4L, best, there);
            store(indices + k * 4L, where.reinterpretAsFloats(), there);
        }
    }

    /** Summed row by row of the window, so that even a large plane is not one long chain of roundings. */
    private void average(long image, long dst, int top, int bottom, int left, int right, float divisor) {
        int c = spec.c();
        int w = spec.w();
        for (int k = 0; k < c; k += Lanes.COUNT) {
            VectorMask<Float> there = Lanes.first(c - k);
            FloatVector sum = splat(0f);
            for (int y = top; y < bottom; y++) {
                FloatVector row = splat(0f);
                for (int x = left; x < right; x++) {
                    row = row.add(load(image + ((long) (y * w + x) * c + k) * 4, there));
                }
                sum = sum.add(row);
            }
            store(dst + k * 4L, sum.div(divisor), there);
        }
    }
}
