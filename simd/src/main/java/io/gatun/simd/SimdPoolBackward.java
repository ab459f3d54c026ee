package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.PoolSpec.Op;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Pooling backward by gathering: each input element adds up what the windows over it owe it, in their order, so that the
 * bits do not depend on threads and nothing is written twice. 4 B written an input element, 4 B read an output element
 * (8 with indices), once from memory.
 */
final class SimdPoolBackward implements Kernel, Task {
    private static final int DIFF_DST = 0;

    private final PoolSpec spec;
    private final PoolWindows windows;
    private final boolean max;
    private final int oh;
    private final int ow;
    private final long rows;
    private final long rowsPerPiece;
    private final int pieces;
    private final Workers workers;

    SimdPoolBackward(PoolSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.windows = new PoolWindows(spec);
        this.max = spec.op() == Op.MAX;
        this.oh = spec.oh();
        this.ow = spec.ow();
        this.rows = spec.w() == 0 ? 0 : (long) spec.n() * spec.h();
        this.rowsPerPiece = Math.max(1, Elementwise.PIECE / Math.max(1, (long) spec.w() * spec.c()));
        this.pieces = Math.toIntExact((rows + rowsPerPiece - 1) / rowsPerPiece);
    }

    @Override
    public String implementation() {
        return max ? "simd:pool max backward" : "simd:pool average backward";
    }

    @Override
    public void execute(long[] frame) {
        workers.run(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long to = Math.min(rows, (index + 1L) * rowsPerPiece);
        long plane = (long) oh * ow * spec.c() * 4;
        long diffSrc = frame[max ? 2 : 1];
        for (long row = index * rowsPerPiece; row < to; row++) {
            long n = row / spec.h();
            int y = (int) (row % spec.h());
            for (int x = 0; x < spec.w(); x++) {
                long at = diffSrc + (row * spec.w() + x) * spec.c() * 4;
                if (max) {
                    chosen(frame[DIFF_DST] + n * plane, frame[1] + n * plane, at, y, x);
                } else {
                    shares(frame[DIFF_DST] + n * plane, at, y, x);
                }
            }
        }
    }

    /** diffSrc = sum of diffDst over the windows whose index is this cell. */
    private void chosen(long diffDst, long indices, long diffSrc, int y, int x) {
        int c = spec.c();
        int cell = y * spec.w() + x;
        int endRow = windows.endRow(y);
        int endCol = windows.endCol(x);
        for (int k = 0; k < c; k += Lanes.COUNT) {
            VectorMask<Float> there = Lanes.first(c - k);
            FloatVector sum = splat(0f);
            for (int row = windows.firstRow(y); row < endRow; row++) {
                for (int col = windows.firstCol(x); col < endCol; col++) {
                    long at = ((long) (row * ow + col) * c + k) * 4;
                    IntVector where = IntVector.fromMemorySegment(
                            Lanes.I, Raw.MEMORY, indices + at, ByteOrder.nativeOrder(), there.cast(Lanes.I));
                    VectorMask<Float> mine = where.compare(VectorOperators.EQ, cell)
                            .cast(Lanes.F)
                            .and(there);
                    sum = sum.add(load(diffDst + at, there), mine);
                }
            }
            store(diffSrc + k * 4L, sum, there);
        }
    }

    /** diffSrc = sum of diffDst / divisor over the windows. */
    private void shares(long diffDst, long diffSrc, int y, int x) {
        int c = spec.c();
        int endRow = windows.endRow(y);
        int endCol = windows.endCol(x);
        for (int k = 0; k < c; k += Lanes.COUNT) {
            VectorMask<Float> there = Lanes.first(c - k);
            FloatVector sum = splat(0f);
            for (int row = windows.firstRow(y); row < endRow; row++) {
                for (int col = windows.firstCol(x); col < endCol; col++) {
                    long at = ((long) (row * ow + col) * c + k) * 4;
                    sum = sum.add(load(diffDst + at, there).div(windows.divisor(row, col)));
                }
            }
            store(diffSrc + k * 4L, sum, there);
        }
    }
}
