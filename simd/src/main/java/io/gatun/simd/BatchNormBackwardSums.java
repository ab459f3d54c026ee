package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The first pass of batch norm backward: of each chunk, the sums of g and of g (src - mean), with g = diffDst where the
 * ReLU was open; and where that is, a bit an element, so that the second pass need not read dst.
 *
 * <p>Down a strip of two vectors of channels at a time, 128 B of each row, what the prefetcher fetches together. Each
 * channel is a lane of its own and its sums are in the order of the rows.
 */
final class BatchNormBackwardSums {
    private final BatchNormBackwardFrame in;
    private final int c;

    /** One piece a chunk. */
    static Task task(BatchNormBackwardFrame in) {
        return new LoopTask(MethodHandles.lookup(), new BatchNormBackwardSums(in), "chunk");
    }

    private BatchNormBackwardSums(BatchNormBackwardFrame in) {
        this.in = in;
        this.c = in.cut().c();
    }

    private void chunk(long[] frame, int chunk, int worker) {
        int k = 0;
        if (in.cut().across()) {
            int rows = in.cut().length(chunk);
            k = c - c % (2 * Lanes.COUNT);
            Pack.zero(in.sums(frame, chunk), c);
            Pack.zero(in.sums(frame, chunk) + c * 4L, c);
            for (int r = 0; r < rows; r++) {
                across(frame, chunk, r, k);
            }
        }
        for (; k <= c - 2 * Lanes.COUNT; k += 2 * Lanes.COUNT) {
            downTwo(frame, chunk, k);
        }
        if (k <= c - Lanes.COUNT) {
            downOne(frame, chunk, k);
            k += Lanes.COUNT;
        }
        for (; k < c; k++) {
            few(frame, chunk, k);
        }
    }

    private void downTwo(long[] frame, int chunk, int k) {
        boolean relu = in.relu();
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        long src = frame[0];
        long dst = frame[1];
        long diff = frame[in.diffDst()];
        long bits = in.bits(frame, chunk) + k / (2 * Lanes.COUNT) * 4L;
        long next = 4L * in.strips();
        FloatVector m0 = load(frame[in.mean()] + k * 4L);
        FloatVector m1 = load(frame[in.mean()] + k * 4L + Lanes.BYTES);
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector q0 = s0;
        FloatVector q1 = s0;
        for (; at < end; at += stride, bits += next) {
            FloatVector g0 = load(diff + at);
            FloatVector g1 = load(diff + at + Lanes.BYTES);
            if (relu) {
                VectorMask<Float> open0 = load(dst + at).compare(VectorOperators.GT, 0f);
                VectorMask<Float> open1 = load(dst + at + Lanes.BYTES).compare(VectorOperators.GT, 0f);
                g0 = g0.mul(factor(open0));
                g1 = g1.mul(factor(open1));
                Raw.i32(bits, 0, (int) (open0.toLong() | open1.toLong() << Lanes.COUNT));
            }
            s0 = s0.add(g0);
            s1 = s1.add(g1);
            q0 = load(src + at).sub(m0).fma(g0, q0);
            q1 = load(src + at + Lanes.BYTES).sub(m1).fma(g1, q1);
        }
        long sum = in.sums(frame, chunk) + k * 4L;
        s0.intoMemorySegment(Raw.MEMORY, sum, Lanes.ORDER);
        s1.intoMemorySegment(Raw.MEMORY, sum + Lanes.BYTES, Lanes.ORDER);
        q0.intoMemorySegment(Raw.MEMORY, sum + stride, Lanes.ORDER);
        q1.intoMemorySegment(Raw.MEMORY, sum + stride + Lanes.BYTES, Lanes.ORDER);
    }

    /** The first {@code whole} channels of row {@code r}. */
    private void across(long[] frame, int chunk, int r, int whole) {
        boolean relu = in.relu();
        long offset = in.cut().offset(chunk) + r * (c * 4L);
        long src = frame[0] + offset;
        long dst = frame[1] + offset;
        long diff = frame[in.diffDst()] + offset;
        long mean = frame[in.mean()];
        long sum = in.sums(frame, chunk);
        long products = sum + c * 4L;
        long bits = in.bits(frame, chunk) + 4L * r * in.strips();
        for (long at = 0; at < whole * 4L; at += 2 * Lanes.BYTES, bits += 4) {
            long next = at + Lanes.BYTES;
            FloatVector g0 = load(diff + at);
            FloatVector g1 = load(diff + next);
            if (relu) {
                VectorMask<Float> open0 = load(dst + at).compare(VectorOperators.GT, 0f);
                VectorMask<Float> open1 = load(dst + next).compare(VectorOperators.GT, 0f);
                g0 = g0.mul(factor(open0));
                g1 = g1.mul(factor(open1));
                Raw.i32(bits, 0, (int) (open0.toLong() | open1.toLong() << Lanes.COUNT));
            }
            FloatVector q0 = load(src + at).sub(load(mean + at)).fma(g0, load(products + at));
            FloatVector q1 = load(src + next).sub(load(mean + next)).fma(g1, load(products + next));
            load(sum + at).add(g0).intoMemorySegment(Raw.MEMORY, sum + at, Lanes.ORDER);
            load(sum + next).add(g1).intoMemorySegment(Raw.MEMORY, sum + next, Lanes.ORDER);
            q0.intoMemorySegment(Raw.MEMORY, products + at, Lanes.ORDER);
            q1.intoMemorySegment(Raw.MEMORY, products + next, Lanes.ORDER);
        }
    }

    private void downOne(long[] frame, int chunk, int k) {
        boolean relu = in.relu();
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        long src = frame[0];
        long dst = frame[1];
        long diff = frame[in.diffDst()];
        long bits = in.bits(frame, chunk) + k / (2 * Lanes.COUNT) * 4L;
        long next = 4L * in.strips();
        FloatVector m = load(frame[in.mean()] + k * 4L);
        FloatVector s = splat(0f);
        FloatVector q = s;
        for (; at < end; at += stride, bits += next) {
            FloatVector g = load(diff + at);
            if (relu) {
                VectorMask<Float> open = load(dst + at).compare(VectorOperators.GT, 0f);
                g = g.mul(factor(open));
                Raw.i32(bits, 0, (int) open.toLong());
            }
            s = s.add(g);
            q = load(src + at).sub(m).fma(g, q);
        }
        long sum = in.sums(frame, chunk) + k * 4L;
        s.intoMemorySegment(Raw.MEMORY, sum, Lanes.ORDER);
        q.intoMemorySegment(Raw.MEMORY, sum + stride, Lanes.ORDER);
    }

    /** A channel that fills no vector: a masked load in such a loop may end on the heap, see {@link ColumnSums}. */
    private void few(long[] frame, int chunk, int k) {
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        float m = Raw.f32(frame[in.mean()], k);
        float s = 0;
        float q = 0;
        for (; at < end; at += stride) {
            float g = open(Raw.f32(frame[in.diffDst()] + at, 0), in.relu() ? frame[1] + at : 0);
            s += g;
            q = Math.fma(Raw.f32(frame[0] + at, 0) - m, g, q);
        }
        Raw.f32(in.sums(frame, chunk), k, s);
        Raw.f32(in.sums(frame, chunk), c + k, q);
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
