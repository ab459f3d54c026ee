package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.CopySpec;
import io.gatun.spec.Dims;
import jdk.incubator.vector.FloatVector;

/**
 * Blocks between strided arrays: 4 B read and 4 B written an element, 8 and 4 where it is added. After merging axes that
 * neither array interrupts, it is runs along the last one: both consecutive, one number repeated, or steps of any length.
 */
final class SimdCopy implements Kernel, Task {
    private final boolean add;
    /** The axes that runs count through, outermost first, at least one. Lengths, and strides in bytes. */
    private final long[] extent;

    private final long[] srcStride;
    private final long[] dstStride;
    /** The last axis: its length, strides in elements, and how much of it one run takes. */
    private final long length;

    private final int srcStep;
    private final int dstStep;
    private final long width;
    private final long runs;
    private final long perPiece;
    private final int pieces;
    private final Workers workers;

    private SimdCopy(CopySpec spec, Workers workers) {
        this.add = spec.add();
        this.workers = workers;
        int rank = spec.shape().size();
        long[] lengths = new long[rank + 2];
        long[] src = new long[rank + 2];
        long[] dst = new long[rank + 2];
        int axes = merge(spec, lengths, src, dst);
        int last = axes - 1;
        this.length = axes == 0 ? 1 : lengths[last];
        this.srcStep = axes == 0 ? 1 : (int) src[last];
        this.dstStep = axes == 0 ? 1 : (int) dst[last];
        int outer = Math.max(0, last);
        boolean cut = length > 2L * Elementwise.PIECE;
        this.width = cut ? Elementwise.PIECE : length;
        if (cut || outer == 0) {
            lengths[outer] = cut ? Math.ceilDiv(length, width) : 1;
            src[outer] = width * srcStep;
            dst[outer++] = width * dstStep;
        }
        this.extent = new long[outer];
        this.srcStride = new long[outer];
        this.dstStride = new long[outer];
        long product = 1;
        for (int axis = 0; axis < outer; axis++) {
            extent[axis] = lengths[axis];
            srcStride[axis] = src[axis] * 4;
            dstStride[axis] = dst[axis] * 4;
            product *= lengths[axis];
        }
        this.runs = length == 0 ? 0 : product;
        this.perPiece = Math.max(1, Elementwise.PIECE / Math.max(1, width));
        this.pieces = Math.toIntExact(Math.ceilDiv(runs, perPiece));
    }

    /** How many axes are left without those of length 1, neighbours merged where both arrays go on without a gap. */
    private static int merge(CopySpec spec, long[] lengths, long[] src, long[] dst) {
        Dims shape = spec.shape();
        int axes = 0;
        for (int axis = 0; axis < shape.size(); axis++) {
            long n = shape.get(axis);
            long from = spec.srcStrides().get(axis);
            long to = spec.dstStrides().get(axis);
            if (n == 1) {
                continue;
            }
            if (axes > 0 && src[axes - 1] == n * from && dst[axes - 1] == n * to) {
                axes--;
                n *= lengths[axes];
            }
            lengths[axes] = n;
            src[axes] = from;
            dst[axes++] = to;
        }
        return axes;
    }

    static Offer offer(CopySpec spec, Workers workers) {
        return Offer.of(new SimdCopy(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:copy";
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(pieces, this, frame);
    }

    @Override
    public void run(long[] frame, int index, int worker) {
        long run = index * perPiece;
        long to = Math.min(runs, run + perPiece);
        int last = extent.length - 1;
        while (run < to) {
            long src = frame[0];
            long dst = frame[1];
            long rest = run / extent[last];
            for (int axis = last - 1; axis >= 0; axis--) {
                long at = rest % extent[axis];
                rest /= extent[axis];
                src += at * srcStride[axis];
                dst += at * dstStride[axis];
            }
            // Along the last of them without divisions.
            long from = run % extent[last];
            long end = Math.min(extent[last], from + to - run);
            run += end - from;
            for (long at = from; at < end; at++) {
                long n = width == length ? length : Math.min(width, length - at * width);
                one(src + at * srcStride[last], dst + at * dstStride[last], n);
            }
        }
    }

    private void one(long src, long dst, long n) {
        if (dstStep == 1 && srcStep == 1) {
            if (add) {
                sum(src, dst, n);
            } else {
                copy(src, dst, n);
            }
        } else if (dstStep == 1 && srcStep == 0) {
            if (add) {
                raise(Raw.f32(src, 0), dst, n);
            } else {
                fill(Raw.i32(src, 0), dst, n);
            }
        } else if (add) {
            for (long i = 0; i < n; i++) {
                Raw.f32(dst, i * dstStep, Raw.f32(dst, i * dstStep) + Raw.f32(src, i * srcStep));
            }
        } else {
            for (long i = 0; i < n; i++) {
                Raw.i32(dst, i * dstStep, Raw.i32(src, i * srcStep));
            }
        }
    }

    private static void copy(long src, long dst, long n) {
        long whole = Lanes.F.loopBound(n);
        for (long i = 0; i < whole * 4; i += Lanes.BYTES) {
            store(dst + i, load(src + i));
        }
        for (long i = whole; i < n; i++) {
            Raw.i32(dst, i, Raw.i32(src, i));
        }
    }

    private static void sum(long src, long dst, long n) {
        long whole = Lanes.F.loopBound(n);
        for (long i = 0; i < whole * 4; i += Lanes.BYTES) {
            store(dst + i, load(dst + i).add(load(src + i)));
        }
        for (long i = whole; i < n; i++) {
            Raw.f32(dst, i, Raw.f32(dst, i) + Raw.f32(src, i));
        }
    }

    private static void fill(int bits, long dst, long n) {
        long whole = Lanes.F.loopBound(n);
        FloatVector value = Lanes.splat(Float.intBitsToFloat(bits));
        for (long i = 0; i < whole * 4; i += Lanes.BYTES) {
            store(dst + i, value);
        }
        for (long i = whole; i < n; i++) {
            Raw.i32(dst, i, bits);
        }
    }

    private static void raise(float value, long dst, long n) {
        long whole = Lanes.F.loopBound(n);
        for (long i = 0; i < whole * 4; i += Lanes.BYTES) {
            store(dst + i, load(dst + i).add(value));
        }
        for (long i = whole; i < n; i++) {
            Raw.f32(dst, i, Raw.f32(dst, i) + value);
        }
    }
}
