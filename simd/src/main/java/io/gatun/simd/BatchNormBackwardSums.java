package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The first pass of batch norm backward: of each piece, the sums of g and of g (src - mean), with g = diffDst where the
 * ReLU was open; and where that is, a bit an element, so that the second pass need not read dst.
 *
 * <p>Rows of up to 64 channels are read as one of 64, two rows at a time, one of each half of the piece, each in the
 * order of memory (see {@link BatchNormSums}); the running sums lie in L1, for 1.15 times the time of a mere reading at
 * 2 MB, 1.04 to 1.2 at 4. A vector of channels at a time down blocks of 8 to 32 rows, its sums in registers, took 1.2
 * to 1.6 times as long: the prefetcher does not follow it.
 */
final class BatchNormBackwardSums implements Task {
    private final BatchNormBackwardFrame in;
    private final int c;
    private final BatchNormTable table;

    BatchNormBackwardSums(BatchNormBackwardFrame in) {
        this.in = in;
        this.c = in.cut().c();
        this.table = in.sums();
    }

    @Override
    public void run(long[] frame, int piece, int worker) {
        long to = in.sums(frame, piece);
        long mean = frame[in.mean()];
        for (int lane = 0; lane < table.whole(); lane += Lanes.COUNT) {
            long at = to + lane / Lanes.COUNT * BatchNormTable.RECORD;
            if (c >= Lanes.COUNT && in.cut().folded() == 1) {
                load(mean + lane * 4L).intoMemorySegment(Raw.MEMORY, at, Lanes.ORDER);
            } else {
                for (int i = 0; i < Lanes.COUNT; i++) {
                    Raw.f32(at, i, Raw.f32(mean, (lane + i) % c));
                }
            }
            splat(0f).intoMemorySegment(Raw.MEMORY, at + Lanes.BYTES, Lanes.ORDER);
            splat(0f).intoMemorySegment(Raw.MEMORY, at + 2 * Lanes.BYTES, Lanes.ORDER);
        }
        for (int lane = table.whole(); lane < table.lanes(); lane++) {
            table.set(to, 0, lane, Raw.f32(mean, lane));
            table.set(to, 1, lane, 0);
            table.set(to, 2, lane, 0);
        }
        if (table.whole() > 0) {
            if (in.relu()) {
                flatRelu(frame, piece);
            } else {
                flatPlain(frame, piece);
            }
            odd(frame, piece);
        }
        for (int lane = table.whole(); lane < table.lanes(); lane++) {
            column(frame, piece, lane);
        }
        left(frame, piece);
    }

    private void flatRelu(long[] frame, int piece) {
        long half = in.half(piece);
        long first = in.sums(frame, piece);
        long last = first + table.records();
        long to = first;
        long rest = table.rest();
        long src = frame[0] + in.cut().offset(piece);
        long diff = frame[in.diffDst()] - frame[0];
        long dst = frame[1] - frame[0];
        long bits = in.bits(frame, piece);
        for (long at = src, end = src + half; at < end; at += Lanes.BYTES, bits += 4) {
            VectorMask<Float> open0 = load(at + dst).compare(VectorOperators.GT, 0f);
            VectorMask<Float> open1 = load(at + dst + half).compare(VectorOperators.GT, 0f);
            Raw.i32(bits, 0, (int) (open0.toLong() | open1.toLong() << Lanes.COUNT));
            FloatVector g0 = load(at + diff).mul(factor(open0));
            FloatVector g1 = load(at + diff + half).mul(factor(open1));
            FloatVector mean = load(to);
            FloatVector d0 = load(at).sub(mean).mul(g0);
            FloatVector d1 = load(at + half).sub(mean).fma(g1, d0);
            load(to + Lanes.BYTES).add(g0.add(g1)).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            load(to + 2 * Lanes.BYTES).add(d1).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            to += BatchNormTable.RECORD;
            if (to == last) {
                to = first;
                at += rest;
            }
        }
    }

    private void flatPlain(long[] frame, int piece) {
        long half = in.half(piece);
        long first = in.sums(frame, piece);
        long last = first + table.records();
        long to = first;
        long rest = table.rest();
        long src = frame[0] + in.cut().offset(piece);
        long diff = frame[in.diffDst()] - frame[0];
        for (long at = src, end = src + half; at < end; at += Lanes.BYTES) {
            FloatVector g0 = load(at + diff);
            FloatVector g1 = load(at + diff + half);
            FloatVector mean = load(to);
            FloatVector d0 = load(at).sub(mean).mul(g0);
            FloatVector d1 = load(at + half).sub(mean).fma(g1, d0);
            load(to + Lanes.BYTES).add(g0.add(g1)).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            load(to + 2 * Lanes.BYTES).add(d1).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            to += BatchNormTable.RECORD;
            if (to == last) {
                to = first;
                at += rest;
            }
        }
    }

    /** The last row where there is no pair. */
    private void odd(long[] frame, int piece) {
        long half = in.half(piece);
        int rows = in.rows(in.cut().length(piece));
        if (rows % 2 == 0) {
            return;
        }
        long to = in.sums(frame, piece);
        long at = in.cut().offset(piece) + 2 * half;
        long bits = in.bits(frame, piece) + rows / 2 * (table.whole() / Lanes.COUNT) * 4L;
        for (long end = at + 4L * table.whole(); at < end; at += Lanes.BYTES, bits += 4) {
            FloatVector g = load(frame[in.diffDst()] + at);
            if (in.relu()) {
                VectorMask<Float> open = load(frame[1] + at).compare(VectorOperators.GT, 0f);
                Raw.i32(bits, 0, (int) open.toLong());
                g = g.mul(factor(open));
            }
            FloatVector d = load(frame[0] + at).sub(load(to)).mul(g);
            load(to + Lanes.BYTES).add(g).intoMemorySegment(Raw.MEMORY, to + Lanes.BYTES, Lanes.ORDER);
            load(to + 2 * Lanes.BYTES).add(d).intoMemorySegment(Raw.MEMORY, to + 2 * Lanes.BYTES, Lanes.ORDER);
            to += BatchNormTable.RECORD;
        }
    }

    /** A channel that fills no vector, with the same tree. */
    private void column(long[] frame, int piece, int lane) {
        long stride = 4L * c;
        long half = in.half(piece);
        long begin = in.cut().offset(piece);
        long at = begin + 4L * lane;
        long to = in.sums(frame, piece);
        float mean = table.get(to, 0, lane);
        float sum = 0;
        float products = 0;
        for (long end = begin + half; at < end; at += stride) {
            float g0 = gradient(frame, at);
            float g1 = gradient(frame, at + half);
            sum += g0 + g1;
            products += Math.fma(Raw.f32(frame[0] + at + half, 0) - mean, g1, (Raw.f32(frame[0] + at, 0) - mean) * g0);
        }
        if (in.cut().length(piece) % 2 != 0) {
            float g = gradient(frame, at + half);
            sum += g;
            products += (Raw.f32(frame[0] + at + half, 0) - mean) * g;
        }
        table.set(to, 1, lane, sum);
        table.set(to, 2, lane, products);
    }

    /** Rows of few channels that fill no row of 64. */
    private void left(long[] frame, int piece) {
        int length = in.cut().length(piece);
        int rows = in.rows(length);
        int left = (length - rows * in.cut().folded()) * c;
        long to = in.sums(frame, piece);
        long begin = in.cut().offset(piece) + rows * 4L * table.lanes();
        for (int lane = 0; lane < left; lane++) {
            float g = gradient(frame, begin + 4L * lane);
            float d = Raw.f32(frame[0] + begin, lane) - table.get(to, 0, lane);
            table.set(to, 1, lane, table.get(to, 1, lane) + g);
            table.set(to, 2, lane, table.get(to, 2, lane) + d * g);
        }
    }

    private float gradient(long[] frame, long at) {
        return open(Raw.f32(frame[in.diffDst()] + at, 0), in.relu() ? frame[1] + at : 0);
    }

    /** g where the ReLU let dst through, if there is one. */
    static float open(float g, long dst) {
        return dst == 0 ? g : g * (Raw.f32(dst, 0) > 0 ? 1 : 0);
    }

    /** 1 where the ReLU let its input through, else 0; a factor and not a choice, so that a NaN gradient stays one. */
    static FloatVector factor(VectorMask<Float> open) {
        return splat(0f).blend(1f, open);
    }
}
