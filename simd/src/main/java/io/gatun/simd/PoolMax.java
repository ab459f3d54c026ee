package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Max pooling forward: each input element is read once from memory (4 B) and 8 B an output element are written, the largest
 * and its index. Windows that overlap find their cells in L1.
 *
 * <p>A cell costs a load, a comparison, two selections and an addition: four of the latter go in a cycle, so 3 x 3 windows
 * with stride 2 take 9 cycles for the 384 B of an output vector, about as long as L2 takes to move them
 * (measured: 20 cycles). The addition looks for
 * NaN, which only then is ordered as the reference does it: a comparison that orders NaN right would be two.
 */
class PoolMax extends SimdPool {
    PoolMax(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
    }

    @Override
    public String implementation() {
        return "simd:pool max";
    }

    @Override
    void row(long[] frame, long n, int y) {
        long at = n * dstImage() + (long) y * ow * c * 4;
        loops(frame[0] + n * srcImage(), frame[1] + at, frame[2] + at, y);
    }

    // Windows are walked by addresses, with steps that C2 does not know: it would split and guard loops of two or three
    // cells.

    private void strips(long image, long dst, long indices, int y) {
        int top = windows.top(y);
        int rows = windows.bottom(y) - top;
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long from = image + top * line;
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            int cols = windows.right(x) - left;
            int first = rows > 0 && cols > 0 ? top * spec.w() + left : -1;
            long at = from + left * pixel;
            long to = x * pixel;
            for (long end = to + inStrips * 4L; to < end; to += stripBytes, at += stripBytes) {
                if (strip(at, dst + to, indices + to, first, rows, cols, pixel, line)) {
                    withNaN(at, dst + to, indices + to, first, rows, cols, STRIP);
                }
            }
        }
    }

    private boolean strip(long from, long dst, long indices, int first, int rows, int cols, long pixel, long line) {
        FloatVector b0 = splat(Float.NEGATIVE_INFINITY);
        FloatVector b1 = b0;
        FloatVector b2 = b0;
        FloatVector b3 = b0;
        IntVector i0 = IntVector.broadcast(Lanes.I, first);
        IntVector i1 = i0;
        IntVector i2 = i0;
        IntVector i3 = i0;
        FloatVector all = splat(0f);
        int row = first;
        for (long start = from, end = from + rows * line; start < end; start += line, row += spec.w()) {
            int cell = row;
            for (long at = start, stop = start + cols * pixel; at < stop; at += pixel, cell++) {
                IntVector here = IntVector.broadcast(Lanes.I, cell);
                FloatVector v0 = load(at);
                FloatVector v1 = load(at + Lanes.BYTES);
                FloatVector v2 = load(at + 2 * Lanes.BYTES);
                FloatVector v3 = load(at + 3 * Lanes.BYTES);
                VectorMask<Float> m0 = v0.compare(VectorOperators.GT, b0);
                VectorMask<Float> m1 = v1.compare(VectorOperators.GT, b1);
                VectorMask<Float> m2 = v2.compare(VectorOperators.GT, b2);
                VectorMask<Float> m3 = v3.compare(VectorOperators.GT, b3);
                b0 = b0.blend(v0, m0);
                b1 = b1.blend(v1, m1);
                b2 = b2.blend(v2, m2);
                b3 = b3.blend(v3, m3);
                i0 = i0.blend(here, m0.cast(Lanes.I));
                i1 = i1.blend(here, m1.cast(Lanes.I));
                i2 = i2.blend(here, m2.cast(Lanes.I));
                i3 = i3.blend(here, m3.cast(Lanes.I));
                all = all.add(v0.add(v1).add(v2.add(v3)));
            }
        }
        store(dst, b0);
        store(dst + Lanes.BYTES, b1);
        store(dst + 2 * Lanes.BYTES, b2);
        store(dst + 3 * Lanes.BYTES, b3);
        i0.intoMemorySegment(Raw.MEMORY, indices, Lanes.ORDER);
        i1.intoMemorySegment(Raw.MEMORY, indices + Lanes.BYTES, Lanes.ORDER);
        i2.intoMemorySegment(Raw.MEMORY, indices + 2 * Lanes.BYTES, Lanes.ORDER);
        i3.intoMemorySegment(Raw.MEMORY, indices + 3 * Lanes.BYTES, Lanes.ORDER);
        return all.compare(VectorOperators.NE, all).anyTrue();
    }

    private void vectors(long image, long dst, long indices, int y) {
        int top = windows.top(y);
        int rows = windows.bottom(y) - top;
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        long from = image + top * line;
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            int cols = windows.right(x) - left;
            int first = rows > 0 && cols > 0 ? top * spec.w() + left : -1;
            long at = from + left * pixel + inStrips * 4L;
            long to = x * pixel + inStrips * 4L;
            for (long end = x * pixel + inVectors * 4L; to < end; to += vectorBytes, at += vectorBytes) {
                if (vector(at, dst + to, indices + to, first, rows, cols, pixel, line)) {
                    withNaN(at, dst + to, indices + to, first, rows, cols, Lanes.COUNT);
                }
            }
        }
    }

    private boolean vector(long from, long dst, long indices, int first, int rows, int cols, long pixel, long line) {
        FloatVector best = splat(Float.NEGATIVE_INFINITY);
        IntVector where = IntVector.broadcast(Lanes.I, first);
        FloatVector all = splat(0f);
        int row = first;
        for (long start = from, end = from + rows * line; start < end; start += line, row += spec.w()) {
            int cell = row;
            for (long at = start, stop = start + cols * pixel; at < stop; at += pixel, cell++) {
                FloatVector v = load(at);
                VectorMask<Float> larger = v.compare(VectorOperators.GT, best);
                best = best.blend(v, larger);
                where = where.blend(cell, larger.cast(Lanes.I));
                all = all.add(v);
            }
        }
        store(dst, best);
        where.intoMemorySegment(Raw.MEMORY, indices, Lanes.ORDER);
        return all.compare(VectorOperators.NE, all).anyTrue();
    }

    private void remainder(long image, long dst, long indices, int y) {
        int top = windows.top(y);
        int rows = windows.bottom(y) - top;
        long pixel = c * 4L;
        long line = spec.w() * pixel;
        VectorMask<Float> there = Lanes.first(c - inVectors);
        for (int x = 0; x < ow; x++) {
            int left = windows.left(x);
            int cols = windows.right(x) - left;
            int first = rows > 0 && cols > 0 ? top * spec.w() + left : -1;
            long from = image + top * line + left * pixel + inVectors * 4L;
            long to = x * pixel + inVectors * 4L;
            FloatVector best = splat(Float.NEGATIVE_INFINITY);
            IntVector where = IntVector.broadcast(Lanes.I, first);
            FloatVector all = splat(0f);
            int row = first;
            for (long start = from, end = from + rows * line; start < end; start += line, row += spec.w()) {
                int cell = row;
                for (long at = start, stop = start + cols * pixel; at < stop; at += pixel, cell++) {
                    FloatVector v = load(at, there);
                    VectorMask<Float> larger = v.compare(VectorOperators.GT, best);
                    best = best.blend(v, larger);
                    where = where.blend(cell, larger.cast(Lanes.I));
                    all = all.add(v);
                }
            }
            store(dst + to, best, there);
            store(indices + to, where.reinterpretAsFloats(), there);
            if (all.compare(VectorOperators.NE, all).anyTrue()) {
                withNaN(from, dst + to, indices + to, first, rows, cols, c - inVectors);
            }
        }
    }

    /** Some of {@code n} channels held a NaN (or infinities of both signs): the first NaN of a window wins it. */
    private void withNaN(long from, long dst, long indices, int first, int rows, int cols, int n) {
        for (int k = 0; k < n; k++) {
            float best = Float.NEGATIVE_INFINITY;
            int where = first;
            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < cols; col++) {
                    int cell = row * spec.w() + col;
                    float value = Raw.f32(from + (long) cell * c * 4, k);
                    if (!(value <= best) && !Float.isNaN(best)) {
                        best = value;
                        where = first + cell;
                    }
                }
            }
            Raw.f32(dst, k, best);
            Raw.i32(indices, k, where);
        }
    }
}
