package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The second pass of batch norm backward: diffSrc = a g + b (src - mean) + d with the three factors of each channel, and
 * diffResidual = g. Strips as in {@link BatchNormBackwardSums}; the chunks from the last to the first, because the last
 * are what the first pass has left in the caches.
 */
final class BatchNormBackwardApply {
    private static final long LANES = -1L >>> 64 - Lanes.COUNT;

    private final BatchNormBackwardFrame in;
    private final int c;

    /** One piece a chunk. */
    static Task task(BatchNormBackwardFrame in) {
        return new LoopTask(MethodHandles.lookup(), new BatchNormBackwardApply(in), "chunk");
    }

    private BatchNormBackwardApply(BatchNormBackwardFrame in) {
        this.in = in;
        this.c = in.cut().c();
    }

    private void chunk(long[] frame, int piece, int worker) {
        int chunk = in.cut().chunks() - 1 - piece;
        int k = 0;
        if (in.cut().across()) {
            int rows = in.cut().length(chunk);
            k = c - c % (2 * Lanes.COUNT);
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
        boolean residual = in.residual();
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        long src = frame[0];
        long diff = frame[in.diffDst()];
        long out = frame[in.diffSrc()];
        long add = frame[in.diffSrc() + 1];
        long bits = in.bits(frame, chunk) + k / (2 * Lanes.COUNT) * 4L;
        long next = 4L * in.strips();
        long factors = frame[in.scratch()] + k * 4L;
        FloatVector a0 = load(factors);
        FloatVector a1 = load(factors + Lanes.BYTES);
        FloatVector b0 = load(factors + stride);
        FloatVector b1 = load(factors + stride + Lanes.BYTES);
        FloatVector d0 = load(factors + 2 * stride);
        FloatVector d1 = load(factors + 2 * stride + Lanes.BYTES);
        FloatVector m0 = load(frame[in.mean()] + k * 4L);
        FloatVector m1 = load(frame[in.mean()] + k * 4L + Lanes.BYTES);
        for (; at < end; at += stride, bits += next) {
            FloatVector g0 = load(diff + at);
            FloatVector g1 = load(diff + at + Lanes.BYTES);
            if (relu) {
                long open = Raw.i32(bits, 0);
                g0 = g0.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open & LANES)));
                g1 = g1.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open >>> Lanes.COUNT & LANES)));
            }
            if (residual) {
                g0.intoMemorySegment(Raw.MEMORY, add + at, Lanes.ORDER);
                g1.intoMemorySegment(Raw.MEMORY, add + at + Lanes.BYTES, Lanes.ORDER);
            }
            FloatVector x0 = load(src + at).sub(m0).fma(b0, d0);
            FloatVector x1 = load(src + at + Lanes.BYTES).sub(m1).fma(b1, d1);
            g0.fma(a0, x0).intoMemorySegment(Raw.MEMORY, out + at, Lanes.ORDER);
            g1.fma(a1, x1).intoMemorySegment(Raw.MEMORY, out + at + Lanes.BYTES, Lanes.ORDER);
        }
    }

    /** The first {@code whole} channels of row {@code r}. */
    private void across(long[] frame, int chunk, int r, int whole) {
        boolean relu = in.relu();
        boolean residual = in.residual();
        long offset = in.cut().offset(chunk) + r * (c * 4L);
        long src = frame[0] + offset;
        long diff = frame[in.diffDst()] + offset;
        long out = frame[in.diffSrc()] + offset;
        long add = frame[in.diffSrc() + 1] + offset;
        long mean = frame[in.mean()];
        long a = frame[in.scratch()];
        long b = a + c * 4L;
        long d = b + c * 4L;
        long bits = in.bits(frame, chunk) + 4L * r * in.strips();
        for (long at = 0; at < whole * 4L; at += 2 * Lanes.BYTES, bits += 4) {
            long next = at + Lanes.BYTES;
            FloatVector g0 = load(diff + at);
            FloatVector g1 = load(diff + next);
            if (relu) {
                long open = Raw.i32(bits, 0);
                g0 = g0.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open & LANES)));
                g1 = g1.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, open >>> Lanes.COUNT & LANES)));
            }
            if (residual) {
                g0.intoMemorySegment(Raw.MEMORY, add + at, Lanes.ORDER);
                g1.intoMemorySegment(Raw.MEMORY, add + next, Lanes.ORDER);
            }
            FloatVector x0 = load(src + at).sub(load(mean + at)).fma(load(b + at), load(d + at));
            FloatVector x1 = load(src + next).sub(load(mean + next)).fma(load(b + next), load(d + next));
            g0.fma(load(a + at), x0).intoMemorySegment(Raw.MEMORY, out + at, Lanes.ORDER);
            g1.fma(load(a + next), x1).intoMemorySegment(Raw.MEMORY, out + next, Lanes.ORDER);
        }
    }

    private void downOne(long[] frame, int chunk, int k) {
        boolean relu = in.relu();
        boolean residual = in.residual();
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        long src = frame[0];
        long diff = frame[in.diffDst()];
        long out = frame[in.diffSrc()];
        long add = frame[in.diffSrc() + 1];
        long bits = in.bits(frame, chunk) + k / (2 * Lanes.COUNT) * 4L;
        long next = 4L * in.strips();
        long factors = frame[in.scratch()] + k * 4L;
        FloatVector a = load(factors);
        FloatVector b = load(factors + stride);
        FloatVector d = load(factors + 2 * stride);
        FloatVector m = load(frame[in.mean()] + k * 4L);
        for (; at < end; at += stride, bits += next) {
            FloatVector g = load(diff + at);
            if (relu) {
                g = g.mul(BatchNormBackwardSums.factor(VectorMask.fromLong(Lanes.F, Raw.i32(bits, 0) & LANES)));
            }
            if (residual) {
                g.intoMemorySegment(Raw.MEMORY, add + at, Lanes.ORDER);
            }
            g.fma(a, load(src + at).sub(m).fma(b, d)).intoMemorySegment(Raw.MEMORY, out + at, Lanes.ORDER);
        }
    }

    /** A channel that fills no vector: it reads dst, for it has no bits. */
    private void few(long[] frame, int chunk, int k) {
        long stride = c * 4L;
        long at = in.cut().offset(chunk) + k * 4L;
        long end = at + in.cut().length(chunk) * stride;
        long factors = frame[in.scratch()];
        float a = Raw.f32(factors, k);
        float b = Raw.f32(factors + stride, k);
        float d = Raw.f32(factors + 2 * stride, k);
        float m = Raw.f32(frame[in.mean()], k);
        for (; at < end; at += stride) {
            float g = BatchNormBackwardSums.open(Raw.f32(frame[in.diffDst()] + at, 0), in.relu() ? frame[1] + at : 0);
            if (in.residual()) {
                Raw.f32(frame[in.diffSrc() + 1] + at, 0, g);
            }
            float x = Math.fma(Raw.f32(frame[0] + at, 0) - m, b, d);
            Raw.f32(frame[in.diffSrc()] + at, 0, Math.fma(g, a, x));
        }
    }
}
