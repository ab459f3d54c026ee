package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The second pass of batch norm backward: diffSrc = a g + b (src - mean) + d with the factors of each channel, and
 * diffResidual = g. Rows as in {@link BatchNormBackwardSums}; each thread's pieces from the last to the first,
 * because the last are what the first pass has left in the caches.
 */
final class BatchNormBackwardApply implements Task {
    private static final long LANES = -1L >>> 64 - Lanes.COUNT;
    private static final long RECORD = 4 * Lanes.BYTES;

    private final BatchNormBackwardFrame in;
    private final BatchNormTable table;

    BatchNormBackwardApply(BatchNormBackwardFrame in) {
        this.in = in;
        this.table = in.factors();
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        int piece = in.cut().pieces() - 1 - index;
        int length = in.cut().length(piece);
        int rows = in.rows(length);
        long begin = in.cut().offset(piece);
        if (table.whole() > 0) {
            flatPairs(frame, piece);
            odd(frame, piece);
        }
        for (int lane = table.whole(); lane < table.lanes(); lane++) {
            for (int r = 0; r < rows; r++) {
                one(frame, begin + 4L * r * table.lanes() + 4L * lane, lane);
            }
        }
        int left = (length - rows * in.cut().folded()) * in.cut().c();
        for (int lane = 0; lane < left; lane++) {
            one(frame, begin + rows * 4L * table.lanes() + 4L * lane, lane);
        }
    }

    private void flatPairs(long[] frame, int piece) {
        boolean relu = in.relu();
        boolean residual = in.residual();
        long half = in.half(piece);
        long first = in.factors(frame);
        long last = first + table.records();
        long by = first;
        long rest = table.rest();
        long src = frame[0] + in.cut().offset(piece);
        long diff = frame[in.diffDst()] - frame[0];
        long out = frame[in.diffSrc()] - frame[0];
        long add = frame[in.diffSrc() + 1] - frame[0];
        long bits = in.bits(frame, piece);
        for (long at = src, end = src + half; at < end; at += Lanes.BYTES, bits += 4) {
            FloatVector g0 = load(at + diff);
            FloatVector g1 = load(at + diff + half);
            if (relu) {
                long open = Raw.i32(bits, 0);
                g0 = g0.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open & LANES)));
                g1 = g1.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open >>> Lanes.COUNT & LANES)));
            }
            if (residual) {
                g0.intoMemorySegment(Raw.MEMORY, at + add, Lanes.ORDER);
                g1.intoMemorySegment(Raw.MEMORY, at + add + half, Lanes.ORDER);
            }
            FloatVector mean = load(by);
            FloatVector a = load(by + Lanes.BYTES);
            FloatVector b = load(by + 2 * Lanes.BYTES);
            FloatVector d = load(by + 3 * Lanes.BYTES);
            FloatVector x0 = load(at).sub(mean).fma(b, d);
            FloatVector x1 = load(at + half).sub(mean).fma(b, d);
            g0.fma(a, x0).intoMemorySegment(Raw.MEMORY, at + out, Lanes.ORDER);
            g1.fma(a, x1).intoMemorySegment(Raw.MEMORY, at + out + half, Lanes.ORDER);
            by += RECORD;
            if (by == last) {
                by = first;
                at += rest;
            }
        }
    }

    /** The last row where there is no pair. */
    private void odd(long[] frame, int piece) {
        int rows = in.rows(in.cut().length(piece));
        if (rows % 2 == 0) {
            return;
        }
        long by = in.factors(frame);
        long at = in.cut().offset(piece) + 2 * in.half(piece);
        long bits = in.bits(frame, piece) + rows / 2 * (table.whole() / Lanes.COUNT) * 4L;
        for (long end = at + 4L * table.whole(); at < end; at += Lanes.BYTES, bits += 4) {
            FloatVector g = load(frame[in.diffDst()] + at);
            if (in.relu()) {
                g = g.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, Raw.i32(bits, 0) & LANES)));
            }
            if (in.residual()) {
                g.intoMemorySegment(Raw.MEMORY, frame[in.diffSrc() + 1] + at, Lanes.ORDER);
            }
            FloatVector x =
                    load(frame[0] + at).sub(load(by)).fma(load(by + 2 * Lanes.BYTES), load(by + 3 * Lanes.BYTES));
            g.fma(load(by + Lanes.BYTES), x).intoMemorySegment(Raw.MEMORY, frame[in.diffSrc()] + at, Lanes.ORDER);
            by += RECORD;
        }
    }

    /** An element that fills no vector: it reads dst, for it has no bit. */
    private void one(long[] frame, long at, int lane) {
        long by = in.factors(frame);
        float g = BatchNormBackwardSums.open(Raw.f32(frame[in.diffDst()] + at, 0), in.relu() ? frame[1] + at : 0);
        if (in.residual()) {
            Raw.f32(frame[in.diffSrc() + 1] + at, 0, g);
        }
        float centred = Raw.f32(frame[0] + at, 0) - table.get(by, 0, lane);
        float x = Math.fma(centred, table.get(by, 2, lane), table.get(by, 3, lane));
        Raw.f32(frame[in.diffSrc()] + at, 0, Math.fma(g, table.get(by, 1, lane), x));
    }
}
