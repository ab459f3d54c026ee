package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import jdk.incubator.vector.FloatVector;

/**
 * The first pass of batch norm: for each piece and lane a pivot, and the sums of (x - pivot) and its square. The pivot
 * is the mean of the piece's first rows: if these lie far from the others, 1 row in 16 does, and the cancellation that
 * a pivot off the mean causes costs at most 4 bits of 24.
 *
 * <p>Rows of up to 64 channels are read as one of 64. A lane's rows are taken four at a time, one of each quarter of
 * the piece: four streams, each of them in the order of memory. Four neighbouring rows are streams within one page,
 * which the prefetcher follows badly (50,176 x 256: 1.1 ms against 0.7), and so it does strips of a few vectors down
 * the rows (0.97). The running sums lie in L1. Rows of 64 in two streams with all sums in registers made the whole
 * forward pass 1.02 to 1.03 times as fast at 2 to 8 MB, for other bits and half the rows summed in pairs only.
 */
final class BatchNormSums implements Task {
    private final BatchNormRows cut;
    private final BatchNormTable table;
    private final int scratch;

    /** Tables of the pieces begin at {@code frame[scratch]}. */
    BatchNormSums(BatchNormRows cut, int scratch) {
        this.cut = cut;
        this.table = new BatchNormTable(cut.lanes(), 3);
        this.scratch = scratch;
    }

    BatchNormTable table() {
        return table;
    }

    @Override
    public void run(long[] frame, int piece, int worker) {
        long src = frame[0] + cut.offset(piece);
        long to = frame[scratch] + piece * table.bytes();
        int rows = cut.length(piece);
        int unit = 4 * cut.folded();
        int first = Math.min(rows, Math.max(unit, rows / 16 / unit * unit));
        Pack.zero(to, 3 * table.lanes());
        add(src, first, to);
        if (cut.folded() > 1) {
            fold(to);
        }
        pivots(to, table.records(), 1f / first);
        for (int lane = table.whole(); lane < table.lanes(); lane++) {
            pivot(to, lane, table.get(to, 1, lane) * (1f / first));
        }
        add(src, rows, to);
    }

    /** Gives each lane the sum over all lanes of its channel. */
    private void fold(long to) {
        int c = cut.c();
        for (int k = 0; k < c; k++) {
            float sum = 0;
            for (int lane = k; lane < table.lanes(); lane += c) {
                sum += table.get(to, 1, lane);
            }
            for (int lane = k; lane < table.lanes(); lane += c) {
                table.set(to, 1, lane, sum);
            }
        }
    }

    private void pivot(long to, int lane, float value) {
        table.set(to, 0, lane, value);
        table.set(to, 1, lane, 0);
        table.set(to, 2, lane, 0);
    }

    private static void pivots(long to, long bytes, float share) {
        for (long end = to + bytes; to < end; to += BatchNormTable.RECORD) {
            load(to + Lanes.BYTES).mul(share).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
            FloatVector.zero(Lanes.F).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            FloatVector.zero(Lanes.F).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
        }
    }

    private void add(long src, int rows, long to) {
        int whole = table.whole();
        long stride = 4L * table.lanes();
        int all = rows / cut.folded();
        long quarter = all / 4 * stride;
        long records = to + table.records();
        if (whole > 0) {
            flatFour(src, quarter, table.rest(), to, records);
            flatOne(src + 4 * quarter, src + all * stride, table.rest(), to, records);
        }
        for (int lane = whole; lane < table.lanes(); lane++) {
            column(src, all, to, lane);
        }
        // Rows of few channels that fill no row of 64.
        int left = (rows - all * cut.folded()) * cut.c();
        for (int lane = 0; lane < left; lane++) {
            float d = Raw.f32(src + all * stride, lane) - table.get(to, 0, lane);
            put(to, lane, d, d * d);
        }
    }

    private void put(long to, int lane, float sum, float square) {
        table.set(to, 1, lane, table.get(to, 1, lane) + sum);
        table.set(to, 2, lane, table.get(to, 2, lane) + square);
    }

    private static void flatFour(long src, long quarter, long rest, long first, long last) {
        long to = first;
        long at = src;
        for (long end = src + quarter; at < end; at += Lanes.BYTES) {
            FloatVector pivot = load(to);
            FloatVector d0 = load(at).sub(pivot);
            FloatVector d1 = load(at + quarter).sub(pivot);
            FloatVector d2 = load(at + 2 * quarter).sub(pivot);
            FloatVector d3 = load(at + 3 * quarter).sub(pivot);
            load(to + Lanes.BYTES)
                    .add(d0.add(d1).add(d2.add(d3)))
                    .intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            load(to + 2 * Lanes.BYTES)
                    .add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2))))
                    .intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            to += BatchNormTable.RECORD;
            if (to == last) {
                to = first;
                at += rest;
            }
        }
    }

    private static void flatOne(long src, long end, long rest, long first, long last) {
        long to = first;
        for (long at = src; at < end; at += Lanes.BYTES) {
            FloatVector d = load(at).sub(load(to));
            load(to + Lanes.BYTES).add(d).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            load(to + 2 * Lanes.BYTES).add(d.mul(d)).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            to += BatchNormTable.RECORD;
            if (to == last) {
                to = first;
                at += rest;
            }
        }
    }

    /** A lane that fills no vector, with the same tree. */
    private void column(long src, int rows, long to, int lane) {
        long stride = table.lanes();
        long quarter = rows / 4 * stride;
        float pivot = table.get(to, 0, lane);
        float sum = table.get(to, 1, lane);
        float squares = table.get(to, 2, lane);
        for (long at = lane; at < quarter; at += stride) {
            float d0 = Raw.f32(src, at) - pivot;
            float d1 = Raw.f32(src, at + quarter) - pivot;
            float d2 = Raw.f32(src, at + 2 * quarter) - pivot;
            float d3 = Raw.f32(src, at + 3 * quarter) - pivot;
            sum += d0 + d1 + (d2 + d3);
            squares += Math.fma(d1, d1, d0 * d0) + Math.fma(d3, d3, d2 * d2);
        }
        for (long at = 4 * quarter + lane; at < rows * stride; at += stride) {
            float d = Raw.f32(src, at) - pivot;
            sum += d;
            squares += d * d;
        }
        table.set(to, 1, lane, sum);
        table.set(to, 2, lane, squares);
    }
}
