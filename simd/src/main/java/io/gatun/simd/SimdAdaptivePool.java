package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Pooling to a given size where that does not divide the image's (else it is a plain pool), vectors of channels. A window's
 * rows are summed one by one and then added; backward takes the windows of a strip of channels in order.
 */
final class SimdAdaptivePool implements Kernel {
    /** Channels that a thread takes back of one image at a time. */
    private static final int STRIP = 64;

    private final AdaptivePoolSpec spec;
    private final boolean max;
    private final int c;
    private final Workers workers;
    private final Task task;
    private final int count;
    private final RowLoop window;

    private SimdAdaptivePool(AdaptivePoolSpec spec, Workers workers) {
        boolean forward = spec.direction() == Direction.FORWARD;
        int strips = (spec.c() + STRIP - 1) / STRIP;
        this.spec = spec;
        this.max = spec.op() == AdaptivePoolSpec.Op.MAX;
        this.c = spec.c();
        this.workers = workers;
        this.task = forward ? this::row : this::strip;
        this.count = Math.multiplyExact(spec.n(), forward ? spec.oh() : strips);
        String loop = max ? "largest" : "average";
        this.window = new RowLoop(MethodHandles.lookup(), this, forward ? loop : "spread");
    }

    static Offer offer(AdaptivePoolSpec spec, Workers workers) {
        return Offer.of(new SimdAdaptivePool(spec, workers));
    }

    @Override
    public String implementation() {
        return "simd:adaptivepool";
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(count, task, frame);
    }

    /** One row of one output image. */
    private void row(long[] frame, int index, int worker) {
        int image = index / spec.oh();
        long src = frame[0] + 4L * image * spec.h() * spec.w() * c;
        for (int x = 0; x < spec.ow(); x++) {
            long to = 4L * ((long) index * spec.ow() + x) * c;
            window.run(src, max ? frame[2] + to : 0, frame[1] + to, index % spec.oh() * spec.ow() + x);
        }
    }

    /**
     * The largest of window {@code at} and the first place it has in the plane; the first NaN wins. Four operations a
     * vector: kept is what is not below the new one, and what is NaN.
     */
    private void largest(long src, long indices, long dst, int at) {
        int y = at / spec.ow();
        int x = at % spec.ow();
        int fromRow = AdaptivePoolSpec.from(y, spec.h(), spec.oh());
        int toRow = AdaptivePoolSpec.to(y, spec.h(), spec.oh());
        int fromCol = AdaptivePoolSpec.from(x, spec.w(), spec.ow());
        int toCol = AdaptivePoolSpec.to(x, spec.w(), spec.ow());
        long pixel = 4L * c;
        long first = src + ((long) fromRow * spec.w() + fromCol) * pixel;
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            FloatVector best = load(first + 4L * k);
            IntVector where = IntVector.broadcast(Lanes.I, fromRow * spec.w() + fromCol);
            for (int row = fromRow; row < toRow; row++) {
                for (int cell = row * spec.w() + fromCol; cell < row * spec.w() + toCol; cell++) {
                    FloatVector v = load(src + cell * pixel + 4L * k);
                    VectorMask<Float> kept =
                            v.compare(VectorOperators.LE, best).or(best.compare(VectorOperators.NE, best));
                    best = v.blend(best, kept);
                    where = IntVector.broadcast(Lanes.I, cell).blend(where, kept.cast(Lanes.I));
                }
            }
            best.intoMemorySegment(Raw.MEMORY, dst + 4L * k, Lanes.ORDER);
            where.intoMemorySegment(Raw.MEMORY, indices + 4L * k, Lanes.ORDER);
        }
        for (int k = whole; k < c; k++) {
            float best = Raw.f32(first, k);
            int where = fromRow * spec.w() + fromCol;
            for (int row = fromRow; row < toRow; row++) {
                for (int cell = row * spec.w() + fromCol; cell < row * spec.w() + toCol; cell++) {
                    float v = Raw.f32(src + cell * pixel, k);
                    if (!(v <= best || Float.isNaN(best))) {
                        best = v;
                        where = cell;
                    }
                }
            }
            Raw.f32(dst, k, best);
            Raw.i32(indices, k, where);
        }
    }

    /** Window {@code at}, y ow + x, of the image at {@code src} to the pixel at {@code dst}. */
    private void average(long src, long unused, long dst, int at) {
        int y = at / spec.ow();
        int x = at % spec.ow();
        int fromRow = AdaptivePoolSpec.from(y, spec.h(), spec.oh());
        int toRow = AdaptivePoolSpec.to(y, spec.h(), spec.oh());
        int fromCol = AdaptivePoolSpec.from(x, spec.w(), spec.ow());
        int toCol = AdaptivePoolSpec.to(x, spec.w(), spec.ow());
        float size = (toRow - fromRow) * (toCol - fromCol);
        long pixel = 4L * c;
        int whole = Lanes.F.loopBound(c);
        for (int k = 0; k < whole; k += Lanes.COUNT) {
            FloatVector sum = splat(0f);
            for (int row = fromRow; row < toRow; row++) {
                long from = src + ((long) row * spec.w() + fromCol) * pixel + 4L * k;
                long end = from + (toCol - fromCol) * pixel;
                FloatVector part = splat(0f);
                for (long p = from; p < end; p += pixel) {
                    part = part.add(load(p));
                }
                sum = sum.add(part);
            }
            sum.div(splat(size)).intoMemorySegment(Raw.MEMORY, dst + 4L * k, Lanes.ORDER);
        }
        for (int k = whole; k < c; k++) {
            float sum = 0;
            for (int row = fromRow; row < toRow; row++) {
                float part = 0;
                for (int col = fromCol; col < toCol; col++) {
                    part += Raw.f32(src, ((long) row * spec.w() + col) * c + k);
                }
                sum += part;
            }
            Raw.f32(dst, k, sum / size);
        }
    }

    /** Some channels of one image. */
    private void strip(long[] frame, int index, int worker) {
        int strips = (c + STRIP - 1) / STRIP;
        int first = index % strips * STRIP;
        int channels = Math.min(STRIP, c - first);
        long image = index / strips;
        long diffSrc = frame[max ? 2 : 1] + 4 * (image * spec.h() * spec.w() * c + first);
        for (long pixel = 0; pixel < (long) spec.h() * spec.w(); pixel++) {
            Pack.zero(diffSrc + 4 * pixel * c, channels);
        }
        long windows = (long) spec.oh() * spec.ow();
        for (int at = 0; at < windows; at++) {
            long from = 4 * ((image * windows + at) * c + first);
            if (max) {
                scatter(frame[0] + from, frame[1] + from, diffSrc, channels);
            } else {
                window.run(frame[0] + from, channels, diffSrc, at);
            }
        }
    }

    /** The gradients of a window's maxima to where these are: one addition for each of a window's many reads forward. */
    private void scatter(long diffDst, long indices, long diffSrc, int channels) {
        for (int k = 0; k < channels; k++) {
            long to = diffSrc + 4L * Raw.i32(indices, k) * c;
            Raw.f32(to, k, Raw.f32(to, k) + Raw.f32(diffDst, k));
        }
    }

    /** The gradient of window {@code at}, {@code channels} of it, in equal parts to its pixels of the image. */
    private void spread(long diffDst, long channels, long diffSrc, int at) {
        int y = at / spec.ow();
        int x = at % spec.ow();
        int fromRow = AdaptivePoolSpec.from(y, spec.h(), spec.oh());
        int toRow = AdaptivePoolSpec.to(y, spec.h(), spec.oh());
        int fromCol = AdaptivePoolSpec.from(x, spec.w(), spec.ow());
        int toCol = AdaptivePoolSpec.to(x, spec.w(), spec.ow());
        float size = (toRow - fromRow) * (toCol - fromCol);
        long pixel = 4L * c;
        int all = (int) channels;
        int whole = Lanes.F.loopBound(all);
        for (int row = fromRow; row < toRow; row++) {
            long from = diffSrc + ((long) row * spec.w() + fromCol) * pixel;
            long end = from + (toCol - fromCol) * pixel;
            for (int k = 0; k < whole; k += Lanes.COUNT) {
                FloatVector share = load(diffDst + 4L * k).div(splat(size));
                for (long p = from + 4L * k; p < end; p += pixel) {
                    load(p).add(share).intoMemorySegment(Raw.MEMORY, p, Lanes.ORDER);
                }
            }
            for (int k = whole; k < all; k++) {
                float share = Raw.f32(diffDst, k) / size;
                for (long p = from; p < end; p += pixel) {
                    Raw.f32(p, k, Raw.f32(p, k) + share);
                }
            }
        }
    }
}
