package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The second pass of batch norm: dst = relu((src - mean) scale + shift + residual). The table holds mean, scale and shift;
 * where channels are a multiple of 16 it repeats them up to a multiple of 64, so that two vectors at a time go through rows
 * of any width as through one long row. The pieces from the last to the first: the last are what the first pass has left
 * in the caches (51 MB: 1.67 ms for a reading and a copy, 1.96 in the same order).
 *
 * <p>Two halves of a piece at a time, and their parameters from L1: as fast as a copy at 2 and 4 MB, 0.86 to 0.90 of it at 8.
 * One stream was 0.93 to 0.96 of that, and 1.07 only with a residual of 8 MB; parameters in registers 0.95, 1.0 and 1.05 at
 * 2, 4 and 8 MB.
 */
final class BatchNormNormalize implements Task {
    private final BatchNormRows cut;
    private final BatchNormTable table;
    private final int copies;
    private final boolean residual;
    private final float floor;
    private final int dst;
    private final int scratch;
    private final long offset;

    /** The table lies {@code offset} bytes behind {@code frame[scratch]}. */
    BatchNormNormalize(BatchNormRows cut, boolean residual, boolean relu, int dst, int scratch, long offset) {
        this.cut = cut;
        this.copies = cut.c() % 16 == 0 ? 64 / Math.min(64, Integer.lowestOneBit(cut.c())) : 1;
        this.table = new BatchNormTable(cut.c() * copies, 3);
        this.residual = residual;
        this.floor = relu ? 0 : Float.NEGATIVE_INFINITY;
        this.dst = dst;
        this.scratch = scratch;
        this.offset = offset;
    }

    BatchNormTable table() {
        return table;
    }

    void channel(long[] frame, int k, float mean, float scale, float shift) {
        long to = frame[scratch] + offset;
        for (int lane = k; lane < table.lanes(); lane += cut.c()) {
            table.set(to, 0, lane, mean);
            table.set(to, 1, lane, scale);
            table.set(to, 2, lane, shift);
        }
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        int piece = cut.pieces() - 1 - index;
        long at = cut.offset(piece);
        int rows = cut.length(piece);
        long src = frame[0] + at;
        long add = residual ? frame[1] + at : 0;
        long out = frame[dst] + at;
        long params = frame[scratch] + offset;
        int c = cut.c();
        int pair = rows / (2 * copies) * copies;
        long half = 4L * pair * c;
        if (c % 16 == 0) {
            pair(src, add, out, half, params);
            rest(src + 2 * half, residual ? add + 2 * half : 0, out + 2 * half, 4L * rows * c - 2 * half, params);
        } else {
            for (int r = 0; r < rows; r++) {
                long row = 4L * r * c;
                rest(src + row, residual ? add + row : 0, out + row, 4L * table.whole(), params);
                row += 4L * table.whole();
                if (table.rest() > 0) {
                    last(src + row, residual ? add + row : 0, out + row, params + table.records());
                }
            }
        }
    }

    /** Two rows at a time, of either half, for each record that is read: 24 KB of them, for 2,048 channels, crowd L1. */
    private void pair(long src, long add, long out, long half, long params) {
        long end = params + table.records();
        if (residual) {
            flatAdd(src, add, out, half, params, end, floor);
        } else {
            flat(src, out, half, params, end, floor);
        }
    }

    private static void flat(long src, long out, long half, long first, long last, float least) {
        FloatVector floor = splat(least);
        long params = first;
        long far = out - src;
        for (long at = src, end = src + half; at < end; at += Lanes.BYTES) {
            FloatVector mean = load(params);
            FloatVector scale = load(params + Lanes.BYTES);
            FloatVector shift = load(params + 2 * Lanes.BYTES);
            FloatVector y0 = load(at).sub(mean).fma(scale, shift);
            FloatVector y1 = load(at + half).sub(mean).fma(scale, shift);
            y0.max(floor).intoMemorySegment(Raw.MEMORY, at + far, Lanes.ORDER);
            y1.max(floor).intoMemorySegment(Raw.MEMORY, at + far + half, Lanes.ORDER);
            params += BatchNormTable.RECORD;
            if (params == last) {
                params = first;
            }
        }
    }

    private static void flatAdd(long src, long add, long out, long half, long first, long last, float least) {
        FloatVector floor = splat(least);
        long params = first;
        long far = out - src;
        long other = add - src;
        for (long at = src, end = src + half; at < end; at += Lanes.BYTES) {
            FloatVector mean = load(params);
            FloatVector scale = load(params + Lanes.BYTES);
            FloatVector shift = load(params + 2 * Lanes.BYTES);
            FloatVector y0 = load(at).sub(mean).fma(scale, shift).add(load(at + other));
            FloatVector y1 = load(at + half).sub(mean).fma(scale, shift).add(load(at + half + other));
            y0.max(floor).intoMemorySegment(Raw.MEMORY, at + far, Lanes.ORDER);
            y1.max(floor).intoMemorySegment(Raw.MEMORY, at + far + half, Lanes.ORDER);
            params += BatchNormTable.RECORD;
            if (params == last) {
                params = first;
            }
        }
    }

    /** Rows that make no pair, or one row's whole vectors. */
    private void rest(long src, long add, long out, long bytes, long first) {
        long params = first;
        long last = first + table.records();
        FloatVector least = splat(floor);
        for (long at = 0; at < bytes; at += Lanes.BYTES) {
            FloatVector y =
                    load(src + at).sub(load(params)).fma(load(params + Lanes.BYTES), load(params + 2 * Lanes.BYTES));
            y = residual ? y.add(load(add + at)) : y;
            y.max(least).intoMemorySegment(Raw.MEMORY, out + at, Lanes.ORDER);
            params += BatchNormTable.RECORD;
            if (params == last) {
                params = first;
            }
        }
    }

    /** The channels that fill no vector. */
    private void last(long src, long add, long out, long params) {
        long rest = table.rest();
        VectorMask<Float> there = Lanes.first((int) (rest / 4));
        FloatVector y = load(src, there)
                .sub(load(params, there))
                .fma(load(params + rest, there), load(params + 2 * rest, there));
        y = residual ? y.add(load(add, there)) : y;
        store(out, y.max(floor), there);
    }
}
