package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ConvSpec.Direction;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Depthwise convolution, forward and backward data, on the images as they lie: 18 floating-point operations for the 8
 * bytes of a pixel's channel (3x3), so bound by reading one image and writing the other. Rows go down the image, so that
 * the kh - 1 that are read again still lie in L2. Backward data is the same with diffDst as input and the taps turned
 * round, for strides one {@link DepthwisePhase} for each residue of the output's coordinates.
 */
final class SimdDepthwise implements Kernel {
    /** Below one vector of the widest kind the other path runs, at every width, so that the bits are the same. */
    private static final int FEWEST_CHANNELS = 16;

    /** Bytes of output worth a hand-over to another thread: some 10 us, and few rows are read twice. */
    private static final long PIECE_BYTES = 256 * 1024;

    /** Channels that one piece of the packing takes. */
    private static final int PACK_CHANNELS = 1024;

    private final ConvSpec spec;
    private final Workers workers;
    private final int channels;
    private final List<DepthwisePhase> phases = new ArrayList<>();
    private final long[] packedAt;
    private final int firstY;
    private final int lastY;
    private final int inStrideY;
    private final int bandRows;
    private final int bands;
    private final int imagesPerPiece;
    private final TileWriter writer;
    private final Arena arena = Arena.ofAuto();
    private final Task pack = this::pack;
    private final Task convolve = this::convolve;

    // The image that is read and the one that is written, whichever the direction.
    private final int inHeight;
    private final int inWidth;
    private final int outHeight;
    private final int outWidth;
    private final int outStrideY;
    private final int outStrideX;
    private final int outSlot;
    private final int scratchSlot;

    SimdDepthwise(ConvSpec spec, Workers workers) {
        boolean forward = spec.direction() == Direction.FORWARD;
        this.spec = spec;
        this.workers = workers;
        this.channels = spec.ic();
        this.inHeight = forward ? spec.h() : spec.oh();
        this.inWidth = forward ? spec.w() : spec.ow();
        this.outHeight = forward ? spec.oh() : spec.h();
        this.outWidth = forward ? spec.ow() : spec.w();
        this.outStrideY = forward ? 1 : spec.sh();
        this.outStrideX = forward ? 1 : spec.sw();
        this.outSlot = spec.bias() ? 3 : 2;
        this.scratchSlot = outSlot + 1;
        this.writer = new TileWriter(1, 0, spec.activation());
        this.inStrideY = forward ? spec.sh() : 1;
        int inStrideX = forward ? spec.sw() : 1;
        this.packedAt = new long[outStrideY * outStrideX + 1];
        List<List<ConvTap>> taps = new ArrayList<>();
        for (int p = 0; p < outStrideY * outStrideX; p++) {
            taps.add(
                    forward ? ConvGeometry.forward(spec) : ConvGeometry.backward(spec, p / outStrideX, p % outStrideX));
        }
        List<ConvTap> all = taps.stream().flatMap(List::stream).toList();
        this.firstY = all.stream().mapToInt(ConvTap::y).min().orElse(0);
        this.lastY = all.stream().mapToInt(ConvTap::y).max().orElse(0);
        int gridRows = Math.max(1, Math.ceilDiv(outHeight, outStrideY));
        for (int p = 0; p < taps.size(); p++) {
            int x = p % outStrideX;
            int cols = Math.ceilDiv(Math.max(0, outWidth - x), outStrideX);
            DepthwisePhase phase = new DepthwisePhase(
                    taps.get(p), channels, inHeight, inWidth, inStrideY, inStrideX, x, outStrideX, cols, arena);
            phases.add(phase);
            packedAt[p + 1] = packedAt[p] + phase.weightFloats();
        }
        long rowBytes = Math.max(1, 4L * outWidth * channels);
        long rows = Math.max(1, PIECE_BYTES / (rowBytes * outStrideY));
        this.bands = Math.ceilDiv(gridRows, Math.clamp(rows, 1, gridRows));
        this.bandRows = Math.ceilDiv(gridRows, bands) * outStrideY;
        this.imagesPerPiece =
                bands > 1 ? 1 : Math.clamp(PIECE_BYTES / (rowBytes * Math.max(1, outHeight)), 1, Math.max(1, spec.n()));
    }

    static boolean suits(ConvSpec spec) {
        return spec.groups() == spec.ic() && spec.ic() == spec.oc() && spec.ic() >= FEWEST_CHANNELS;
    }

    @Override
    public String implementation() {
        return "simd:depthwise " + Lanes.F.vectorBitSize() + " bit";
    }

    /** The weights, and for each worker a row for an activation that needs one. */
    @Override
    public long scratchBytes() {
        return 4 * (packedAt[phases.size()] + workers.threads() * workerFloats());
    }

    private long workerFloats() {
        boolean temporary = spec.activation().kind() == Activation.Kind.GELU;
        return temporary ? Math.ceilDiv((long) outWidth * channels, 16) * 16 : 16;
    }

    private long workerScratch(long[] frame, int worker) {
        return frame[scratchSlot] + 4 * (packedAt[phases.size()] + worker * workerFloats());
    }

    @Override
    public void execute(long[] frame) {
        if (spec.n() == 0 || outHeight == 0 || outWidth == 0) {
            return;
        }
        workers.runApart(phases.size() * Math.ceilDiv(channels, PACK_CHANNELS), pack, frame);
        workers.runApart(Math.ceilDiv(spec.n(), imagesPerPiece) * bands, convolve, frame);
    }

    /** The weights of one phase and some channels: blocks of a vector of channels, bias first, then tap after tap. */
    private void pack(long[] frame, int piece, int worker) {
        int phase = piece % phases.size();
        int from = piece / phases.size() * PACK_CHANNELS;
        List<ConvTap> taps = phases.get(phase).taps;
        long filter = 4L * spec.kh() * spec.kw();
        long block = 4 * DepthwiseColumns.blockFloats(taps.size());
        for (int c = from; c < Math.min(channels, from + PACK_CHANNELS); c += Lanes.COUNT) {
            int first = DepthwiseColumns.first(c, channels);
            long to = frame[scratchSlot] + 4 * packedAt[phase] + c / Lanes.COUNT * block;
            if (spec.bias()) {
                Pack.move(frame[2] + 4L * first, to, Lanes.COUNT);
            } else {
                Pack.zero(to, Lanes.COUNT);
            }
            long weights = frame[1] + first * filter;
            for (int t = 0; t < taps.size(); t++) {
                to += Lanes.BYTES;
                long tap = weights + 4L * taps.get(t).index();
                for (int lane = 0; lane < Lanes.COUNT; lane++) {
                    Raw.f32(to, lane, Raw.f32(tap + lane * filter, 0));
                }
            }
        }
    }

    /** Some rows of an image, or some images. */
    private void convolve(long[] frame, int piece, int worker) {
        int image = piece / bands * imagesPerPiece;
        int row = piece % bands * bandRows;
        int rowEnd = Math.min(outHeight, row + bandRows);
        for (int n = image; n < Math.min(spec.n(), image + imagesPerPiece); n++) {
            long in = frame[0] + 4L * n * inHeight * inWidth * channels;
            long out = frame[outSlot] + 4L * n * outHeight * outWidth * channels;
            for (int y = row; y < rowEnd; y++) {
                if (y % outStrideY == 0) {
                    fetch(in, y / outStrideY, y == row, workerScratch(frame, worker));
                }
                row(frame, in, out + 4L * y * outWidth * channels, y, worker);
            }
        }
    }

    /**
     * Streams what a row of the grid reads and the one above has not: the kernel walks three rows at once, which the
     * processor's own prefetch does not follow. Measured 1.9 times as fast at 56x56 and 128 channels.
     */
    private void fetch(long in, int gridRow, boolean first, long sink) {
        int end = Math.clamp((long) gridRow * inStrideY + lastY + 1, 0, inHeight);
        int from = Math.clamp(first ? (long) gridRow * inStrideY + firstY : (long) end - inStrideY, 0, end);
        long rowBytes = 4L * inWidth * channels;
        Raw.i64(sink, 0, Pack.fetch(in + from * rowBytes, (end - from) * rowBytes));
    }

    private void row(long[] frame, long in, long out, int y, int worker) {
        long packed = frame[scratchSlot];
        for (int x = 0; x < outStrideX; x++) {
            int phase = y % outStrideY * outStrideX + x;
            phases.get(phase).row(in, y / outStrideY, packed + 4 * packedAt[phase], out);
        }
        if (spec.activation().kind() != Activation.Kind.IDENTITY) {
            writer.activate(out, 0, 1, outWidth * channels, workerScratch(frame, worker));
        }
    }
}
