package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.memory.Raw;
import io.gatun.memory.Scope;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.reference.ScalarMath;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.QuantizedConvSpec;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Convolution of bytes by the convolution of floats. The Vector API has no product of bytes (vpdpbusd does 64 in an
 * instruction, an FMA of floats 16), so bytes become floats that hold the same whole numbers, the zero point taken off, and
 * the tiles of {@link SimdConv} and {@link SimdGemm} add their products, exactly: no sum leaves 2^24 ({@link ExactParts}).
 * What several parts have summed is added as ints in dst, and the last pass scales. So this is no faster than floats, but it
 * has the bits of the byte instructions.
 */
final class SimdQuantizedConv implements Kernel {
    /** Copies of the frame's slots while the convolution of floats has its own operands in the first four. */
    private static final int KEPT = 20;

    private final ConvSpec conv;
    private final Workers workers;
    private final ExactParts parts;
    private final List<Kernel> sums = new ArrayList<>();
    private final int operands;
    private final long pixels;
    private final long filterRows;
    private final long outPixels;

    // Bytes in the scratch memory: the floats of src and of the weights, part by part, a part's sums, the kernels' own.
    private final long weightsAt;
    private final long sumsAt;
    private final long innerAt;
    private final long scratchBytes;

    private final Task widenSrc = this::widenSrc;
    private final Task widenWeights = this::widenWeights;
    private final Task keep = new LoopTask(MethodHandles.lookup(), this, "keep");
    private final Task add = new LoopTask(MethodHandles.lookup(), this, "add");
    private final Task finish = new LoopTask(MethodHandles.lookup(), this, "finish");
    private final RowPieces srcRows;
    private final RowPieces filters;
    private final RowPieces outRows;

    private SimdQuantizedConv(QuantizedConvSpec spec, ExactParts parts, Workers workers) {
        this.conv = spec.conv();
        this.workers = workers;
        this.parts = parts;
        this.operands = conv.bias() ? 7 : 6;
        this.pixels = (long) conv.n() * conv.h() * conv.w();
        this.filterRows = (long) conv.oc() * parts.taps();
        this.outPixels = (long) conv.n() * conv.oh() * conv.ow();
        long inner = 0;
        for (int p = 0; p < parts.count(); p++) {
            Kernel kernel = SimdConv.direct(floats(conv, parts.width(p)), workers);
            sums.add(kernel);
            inner = Math.max(inner, kernel.scratchBytes());
        }
        int depth = conv.ic() / conv.groups();
        this.weightsAt = Scope.aligned(4 * pixels * conv.ic());
        this.sumsAt = weightsAt + Scope.aligned(4 * filterRows * depth);
        this.innerAt = sumsAt + (parts.count() > 1 ? Scope.aligned(4 * outPixels * conv.oc()) : 0);
        this.scratchBytes = innerAt + inner;
        this.srcRows = RowPieces.of(pixels, conv.ic());
        this.filters = RowPieces.of(filterRows, depth);
        this.outRows = RowPieces.of(outPixels, conv.oc());
    }

    static Offer offer(QuantizedConvSpec spec, Workers workers) {
        ExactParts parts = ExactParts.of(spec.conv());
        return parts == null
                ? Offer.refused("more than " + ExactParts.MOST_TERMS + " terms a channel or group, which floats do not"
                        + " add exactly")
                : Offer.of(new SimdQuantizedConv(spec, parts, workers));
    }

    /** The same windows over some of the channels, as floats and without an end. */
    private static ConvSpec floats(ConvSpec s, int channels) {
        return new ConvSpec(
                s.direction(),
                s.n(),
                s.h(),
                s.w(),
                channels,
                s.oc(),
                s.kh(),
                s.kw(),
                s.sh(),
                s.sw(),
                s.dh(),
                s.dw(),
                s.ph(),
                s.pw(),
                s.pb(),
                s.pr(),
                s.groups(),
                false,
                Activation.IDENTITY);
    }

    @Override
    public String implementation() {
        return "simd:bytes by " + sums.getFirst().implementation().substring("simd:".length())
                + (parts.count() > 1 ? ", " + parts.count() + " parts" : "");
    }

    @Override
    public long scratchBytes() {
        return scratchBytes;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(srcRows.count(), widenSrc, frame);
        workers.runApart(filters.count(), widenWeights, frame);
        long scratch = frame[operands];
        System.arraycopy(frame, 0, frame, KEPT, operands + 1);
        try {
            int last = parts.count() - 1;
            for (int p = 0; p <= last; p++) {
                frame[0] = scratch + 4 * pixels * parts.channel(p);
                frame[1] = scratch + weightsAt + 4 * filterRows * parts.channel(p);
                frame[2] = last == 0 ? frame[KEPT + operands - 1] : scratch + sumsAt;
                frame[3] = scratch + innerAt;
                sums.get(p).execute(frame);
                if (p < last) {
                    workers.runApart(outRows.count(), p == 0 ? keep : add, frame);
                }
            }
            workers.runApart(outRows.count(), finish, frame);
        } finally {
            System.arraycopy(frame, KEPT, frame, 0, operands + 1);
        }
    }

    private void widenSrc(long[] frame, int piece, int worker) {
        int zeroPoint = Raw.i32(frame[2], 0);
        int depth = parts.channels();
        long first = srcRows.first(piece);
        long end = srcRows.end(piece);
        if (parts.count() == 1) {
            long to = frame[operands] + 4 * first * depth;
            ByteLoops.unsigned(frame[0] + first * depth, to, (int) ((end - first) * depth), zeroPoint);
            return;
        }
        for (int p = 0; p < parts.count(); p++) {
            int width = parts.width(p);
            long from = frame[0] + first * depth + parts.channel(p);
            long to = frame[operands] + 4 * (pixels * parts.channel(p) + first * width);
            for (long row = first; row < end; row++, from += depth, to += 4L * width) {
                ByteLoops.unsigned(from, to, width, zeroPoint);
            }
        }
    }

    private void widenWeights(long[] frame, int piece, int worker) {
        int depth = conv.ic() / conv.groups();
        long first = filters.first(piece);
        long end = filters.end(piece);
        long weights = frame[operands] + weightsAt;
        if (parts.count() == 1) {
            ByteLoops.signed(frame[3] + first * depth, weights + 4 * first * depth, (int) ((end - first) * depth));
            return;
        }
        for (int p = 0; p < parts.count(); p++) {
            int width = parts.width(p);
            long from = frame[3] + first * depth + parts.channel(p);
            long to = weights + 4 * (filterRows * parts.channel(p) + first * width);
            for (long row = first; row < end; row++, from += depth, to += 4L * width) {
                ByteLoops.signed(from, to, width);
            }
        }
    }

    /** dst = the first part's sums, as ints. */
    private void keep(long[] frame, int piece, int worker) {
        long from = 4 * outRows.first(piece) * conv.oc();
        long end = 4 * outRows.end(piece) * conv.oc();
        long sum = frame[2];
        long dst = frame[KEPT + operands - 1];
        for (; from <= end - Lanes.BYTES; from += Lanes.BYTES) {
            ints(load(sum + from)).intoMemorySegment(Raw.MEMORY, dst + from, Lanes.ORDER);
        }
        for (; from < end; from += 4) {
            Raw.i32(dst + from, 0, (int) Raw.f32(sum + from, 0));
        }
    }

    /** dst += a further part's. */
    private void add(long[] frame, int piece, int worker) {
        long from = 4 * outRows.first(piece) * conv.oc();
        long end = 4 * outRows.end(piece) * conv.oc();
        long sum = frame[2];
        long dst = frame[KEPT + operands - 1];
        for (; from <= end - Lanes.BYTES; from += Lanes.BYTES) {
            ints(load(sum + from)).add(kept(dst + from)).intoMemorySegment(Raw.MEMORY, dst + from, Lanes.ORDER);
        }
        for (; from < end; from += 4) {
            Raw.i32(dst + from, 0, Raw.i32(dst + from, 0) + (int) Raw.f32(sum + from, 0));
        }
    }

    private static IntVector ints(FloatVector whole) {
        return (IntVector) whole.convert(VectorOperators.F2I, 0);
    }

    private static IntVector kept(long address) {
        return IntVector.fromMemorySegment(Lanes.I, Raw.MEMORY, address, Lanes.ORDER);
    }

    /** dst = act(sums · scale · weightScales + bias); the sums of one part are in dst itself, as floats. */
    private void finish(long[] frame, int piece, int worker) {
        int oc = conv.oc();
        boolean one = parts.count() == 1;
        boolean bias = conv.bias();
        boolean relu = conv.activation().kind() == Activation.Kind.RELU;
        float scale = Raw.f32(frame[KEPT + 1], 0);
        long scales = frame[KEPT + 4];
        long biases = frame[KEPT + 5];
        int whole = Lanes.F.loopBound(oc);
        for (long row = outRows.first(piece); row < outRows.end(piece); row++) {
            long sum = frame[2] + 4 * row * oc;
            long dst = frame[KEPT + operands - 1] + 4 * row * oc;
            for (int o = 0; o < whole; o += Lanes.COUNT) {
                long at = 4L * o;
                FloatVector v = load(sum + at);
                // A sum of -0 is the number 0.
                v = one ? v.add(0f) : (FloatVector) ints(v).add(kept(dst + at)).convert(VectorOperators.I2F, 0);
                v = v.mul(splat(scale)).mul(load(scales + at));
                if (bias) {
                    v = v.add(load(biases + at));
                }
                store(dst + at, relu ? VectorMath.relu(v) : v);
            }
            for (int o = whole; o < oc; o++) {
                int all = (int) Raw.f32(sum, o) + (one ? 0 : Raw.i32(dst, o));
                float v = all * scale * Raw.f32(scales, o);
                v = bias ? v + Raw.f32(biases, o) : v;
                Raw.f32(dst, o, ScalarMath.activate(conv.activation(), v));
            }
        }
    }
}
