package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.BinarySpec.Broadcast;

/**
 * dst = a op b: 8 B read and 4 B written an element, 4 and 4 where b is broadcast. Everything is runs of consecutive
 * elements whose b is either consecutive too or one number; a flat problem is cut into runs of a piece.
 */
final class SimdBinary implements Kernel, Task {
    /** What a loop counts at most: a whole number of vectors of any width. */
    private static final int LONGEST = 1 << 30;

    private final BinarySpec.Op op;
    private final Broadcast broadcast;
    private final long runs;
    private final long run;
    private final long total;
    private final long runsPerPiece;
    private final int pieces;
    private final Workers workers;

    private SimdBinary(BinarySpec spec, Workers workers) {
        this.op = spec.op();
        this.workers = workers;
        this.total = spec.rows() * spec.cols();
        boolean oneRow = spec.broadcast() == Broadcast.ROW && spec.rows() == 1;
        this.broadcast = oneRow ? Broadcast.NONE : spec.broadcast();
        boolean flat = broadcast == Broadcast.NONE || broadcast == Broadcast.SCALAR;
        this.run = flat ? Elementwise.PIECE : spec.cols();
        this.runs = flat ? (total + run - 1) / run : spec.rows();
        this.runsPerPiece = Math.max(1, Elementwise.PIECE / Math.max(1, run));
        this.pieces = total == 0 ? 0 : Math.toIntExact((runs + runsPerPiece - 1) / runsPerPiece);
    }

    static Offer offer(BinarySpec spec, Workers workers) {
        return Offer.of(new SimdBinary(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:binary";
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(runs, (index + 1L) * runsPerPiece);
        for (long r = index * runsPerPiece; r < to; r++) {
            long at = r * run * 4;
            long n = Math.min(run, total - r * run);
            switch (broadcast) {
                case NONE -> pairs(op, frame[0] + at, frame[1] + at, frame[2] + at, n);
                case ROW -> pairs(op, frame[0] + at, frame[1], frame[2] + at, n);
                case COLUMN -> constant(op, frame[0] + at, Raw.f32(frame[1], r), frame[2] + at, n);
                case SCALAR -> constant(op, frame[0] + at, Raw.f32(frame[1], 0), frame[2] + at, n);
            }
        }
    }

    private static void pairs(BinarySpec.Op op, long a, long b, long dst, long n) {
        for (long from = 0; from < n; from += LONGEST) {
            long at = from * 4;
            int count = (int) Math.min(LONGEST, n - from);
            int whole = Lanes.F.loopBound(count);
            BinaryLoops.pairs(op, a + at, b + at, dst + at, whole);
            for (long i = from + whole; i < from + count; i++) {
                Raw.f32(dst, i, ScalarMath.binary(op, Raw.f32(a, i), Raw.f32(b, i)));
            }
        }
    }

    private static void constant(BinarySpec.Op op, long a, float b, long dst, long n) {
        for (long from = 0; from < n; from += LONGEST) {
            long at = from * 4;
            int count = (int) Math.min(LONGEST, n - from);
            int whole = Lanes.F.loopBound(count);
            BinaryLoops.constant(op, a + at, b, dst + at, whole);
            for (long i = from + whole; i < from + count; i++) {
                Raw.f32(dst, i, ScalarMath.binary(op, Raw.f32(a, i), b));
            }
        }
    }
}
