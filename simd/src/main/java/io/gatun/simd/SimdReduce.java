package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.ReduceSpec.Op;

/**
 * Sums over any axes, each element read once (4 B). Neighbouring axes merge into runs that are kept and reduced in turn.
 * A reduced run at the end is summed along memory first ({@link ReduceAlong}), which leaves one number a row; all other
 * reduced runs are summed down columns ({@link ReduceDown}), the last kept run being the columns.
 */
final class SimdReduce implements Kernel {
    private static final int SRC = 0;
    private static final int DST = 1;
    private static final int SCRATCH = 2;

    /** Null where the last run is kept, or all are reduced runs of nothing. */
    private final ReduceAlong along;
    /** Null where only the last run is reduced. */
    private final ReduceDown down;
    /** Bytes of the row sums between the two. */
    private final long between;

    private SimdReduce(ReduceAlong along, ReduceDown down, long between) {
        this.along = along;
        this.down = down;
        this.between = between;
    }

    static Offer offer(ReduceSpec spec, Workers workers) {
        ReduceRuns runs = ReduceRuns.of(spec);
        double divisor = spec.op() == Op.MEAN ? spec.reduced() : 1;
        boolean squares = spec.op() == Op.SUM_SQUARES;
        if (!runs.lastReduced()) {
            return runs.inner() > Integer.MAX_VALUE / 4
                    ? Offer.refused("rows of " + runs.inner() + " elements are too long")
                    : Offer.of(new SimdReduce(null, new ReduceDown(runs, squares, divisor, workers), 0));
        }
        if (runs.lengths().length <= 2) {
            return Offer.of(new SimdReduce(new ReduceAlong(runs, squares, divisor, workers), null, 0));
        }
        ReduceRuns rest = runs.withoutLast();
        if (rest.inner() > Integer.MAX_VALUE / 4) {
            return Offer.refused("rows of " + rest.inner() + " elements are too long");
        }
        ReduceAlong along = new ReduceAlong(runs, squares, 1, workers);
        return Offer.of(new SimdReduce(along, new ReduceDown(rest, false, divisor, workers), runs.rows() * 4));
    }

    @Override
    public String implementation() {
        return along == null
                ? "simd:reduce columns"
                : down == null ? "simd:reduce rows" : "simd:reduce rows and columns";
    }

    /** The sums of the rows, then what the stages want: they run one after the other, so they share it. */
    @Override
    public long scratchBytes() {
        long first = along == null ? 0 : along.scratchBytes();
        long second = down == null ? 0 : down.scratchBytes();
        return (between + 63) / 64 * 64 + Math.max(first, second);
    }

    @Override
    public void execute(long[] frame) {
        sum(frame, frame[SRC], frame[DST], frame[SCRATCH]);
    }

    /** The same as a part of another kernel, in whose frame the slots from 16 on are free. */
    void sum(long[] frame, long src, long dst, long space) {
        long scratch = space + (between + 63) / 64 * 64;
        long rows = down == null ? dst : space;
        if (along != null) {
            along.execute(frame, src, rows, scratch);
        }
        if (down != null) {
            down.execute(frame, along == null ? src : rows, dst, scratch);
        }
    }
}
