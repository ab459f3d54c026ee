package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.ReduceSpec.Op;

/**
 * Sums that read each element once (4 B). Neighbouring axes are merged; what is left is either outer x reduced x inner,
 * summed down columns, or with inner = 1 along consecutive elements. Long sums are cut into chunks whose partial sums are
 * added in double in their order: the tree depends on the problem only.
 */
final class SimdReduce implements Kernel, Task {
    private final Op op;
    private final long outer;
    private final long reduced;
    private final int inner;
    /** Reduced elements of a chunk, and chunks of one outer index. */
    private final long chunk;

    private final long chunks;
    /** Outer indices of a piece where each is one chunk. */
    private final long perPiece;

    private final int pieces;
    private final Workers workers;

    private SimdReduce(Op op, long outer, long reduced, int inner, Workers workers) {
        this.op = op;
        this.outer = outer;
        this.reduced = reduced;
        this.inner = inner;
        this.workers = workers;
        // Down columns at most 256 rows, for 256 additions deep; along elements Sums has blocks of its own.
        this.chunk = inner == 1 ? Elementwise.PIECE : 256;
        this.chunks = (reduced + chunk - 1) / chunk;
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, Math.min(reduced, chunk) * inner));
        long units = inner == 0 ? 0 : outer * chunks;
        this.pieces = Math.toIntExact((units + perPiece - 1) / perPiece);
    }

    static Offer offer(ReduceSpec spec, Workers workers) {
        Dims shape = spec.shape();
        long outer = 1;
        long reduced = 1;
        long inner = 1;
        boolean reducing = false;
        for (int axis = 0; axis < shape.size(); axis++) {
            if (shape.get(axis) == 1) {
                continue;
            }
            if (spec.axes().contains(axis)) {
                if (inner != 1) {
                    return Offer.refused("reduced axes on both sides of a kept one");
                }
                reducing = true;
                reduced *= shape.get(axis);
            } else if (reducing) {
                inner *= shape.get(axis);
            } else {
                outer *= shape.get(axis);
            }
        }
        if (inner > Integer.MAX_VALUE / 4) {
            return Offer.refused("rows of " + inner + " elements are too long");
        }
        return Offer.of(new SimdReduce(spec.op(), outer, reduced, (int) inner, workers));
    }

    @Override
    public String implementation() {
        return inner == 1 ? "simd:reduce rows" : "simd:reduce columns";
    }

    /** A partial sum for each chunk: a double along elements, a float for each column. */
    @Override
    public long scratchBytes() {
        return chunks == 1 && inner == 1 ? 0 : outer * chunks * (inner == 1 ? 8L : 4L * inner);
    }

    @Override
    public void execute(long[] frame) {
        workers.run(pieces, this, frame);
        if (chunks == 1 && inner == 1) {
            return;
        }
        for (long o = 0; o < outer; o++) {
            for (int c = 0; c < inner; c++) {
                double sum = 0;
                for (long k = 0; k < chunks; k++) {
                    long index = (o * chunks + k) * inner + c;
                    sum += inner == 1 ? Raw.f64(frame[2], index) : Raw.f32(frame[2], index);
                }
                Raw.f32(frame[1], o * inner + c, finish(sum));
            }
        }
    }

    private float finish(double sum) {
        return (float) (op == Op.MEAN ? sum / reduced : sum);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(outer * chunks, (index + 1L) * perPiece);
        for (long unit = index * perPiece; unit < to; unit++) {
            long from = unit % chunks * chunk;
            long n = Math.min(chunk, reduced - from);
            long src = frame[0] + (unit / chunks * reduced + from) * inner * 4;
            if (inner == 1) {
                along(frame, unit, src, n);
            } else {
                ColumnSums.sum(op == Op.SUM_SQUARES, src, n, inner, frame[2] + unit * inner * 4);
            }
        }
    }

    private void along(long[] frame, long unit, long src, long n) {
        double sum = Sums.sum(op == Op.SUM_SQUARES ? Sums.Term.SQUARE : Sums.Term.VALUE, src, src, n);
        if (chunks == 1) {
            Raw.f32(frame[1], unit, finish(sum));
        } else {
            Raw.f64(frame[2], unit, sum);
        }
    }
}
