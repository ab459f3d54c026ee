package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ConvSpec.Direction;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolution forward and backward data as GEMM without im2col: a band of the input is copied once into a
 * {@link ConvWindow}, and the micro-kernel reads neighbouring pixels as the rows of A and tap after tap as k. Backward
 * data is the same with diffDst as input, the weights turned round, and for strides one {@link ConvPhase} for each
 * residue of the output's coordinates.
 *
 * <p>Pieces are bands of images; an output is summed by one chain over each block of k whatever the pieces.
 */
final class SimdConv implements Kernel {
    private final ConvSpec spec;
    private final boolean forward;
    private final Workers workers;
    private final Tiles tiles = Tiles.HERE;
    private final Panels panels;
    private final ConvWindow window;
    private final List<ConvPhase> phases = new ArrayList<>();
    private final long[] packedAt;
    private final long packedFloats;
    private final long workerFloats;
    private final int imagesPerPiece;
    private final TileWriter writer;
    private final Arena arena = Arena.ofAuto();
    private final Task pack = this::pack;
    private final Task convolve = this::convolve;

    // The image that is read and the one that is written, whichever the direction.
    private final int inHeight;
    private final int inWidth;
    private final int inChannels;
    private final int outHeight;
    private final int outWidth;
    private final int outChannels;
    private final int outStrideY;
    private final int outStrideX;
    private final int inDepth;
    private final int outDepth;

    private final int outSlot;
    private final int scratchSlot;

    SimdConv(ConvSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.forward = spec.direction() == Direction.FORWARD;
        this.inHeight = forward ? spec.h() : spec.oh();
        this.inWidth = forward ? spec.w() : spec.ow();
        this.inChannels = forward ? spec.ic() : spec.oc();
        this.outHeight = forward ? spec.oh() : spec.h();
        this.outWidth = forward ? spec.ow() : spec.w();
        this.outChannels = forward ? spec.oc() : spec.ic();
        this.outStrideY = forward ? 1 : spec.sh();
        this.outStrideX = forward ? 1 : spec.sw();
        this.inDepth = inChannels / spec.groups();
        this.outDepth = outChannels / spec.groups();
        this.panels = new Panels(outDepth, tiles);
        this.writer = new TileWriter(1, 0, spec.activation());
        this.outSlot = spec.bias() ? 3 : 2;
        this.scratchSlot = outSlot + 1;
        this.window = window();
        addPhases();
        this.packedAt = new long[phases.size() + 1];
        for (int p = 0; p < phases.size(); p++) {
            packedAt[p + 1] = packedAt[p] + (long) phases.get(p).k() * panels.padded();
        }
        this.packedFloats = packedAt[phases.size()] * spec.groups();
        this.workerFloats = Math.ceilDiv(Tiles.LARGEST + window.floats(), 16) * 16L;
        double imageFlops = spec.flops() / Math.max(1, spec.n());
        this.imagesPerPiece = window.bands > 1
                ? 1
                : (int) Math.clamp(GemmBlocks.PIECE_FLOPS / Math.max(1, imageFlops), 1, Math.max(1, spec.n()));
    }

    static Offer offer(ConvSpec spec, Workers workers) {
        if (SimdDepthwise.suits(spec)) {
            return Offer.of(
                    spec.direction() == Direction.BACKWARD_WEIGHTS
                            ? new SimdDepthwiseWeights(spec, workers)
                            : new SimdDepthwise(spec, workers));
        }
        if (spec.direction() == Direction.BACKWARD_WEIGHTS) {
            return Offer.of(
                    WinogradWeights.suits(spec)
                            ? new WinogradWeights(spec, workers)
                            : new SimdConvWeights(spec, workers));
        }
        if (isGemm(spec)) {
            return SimdGemm.offer(gemm(spec), workers);
        }
        return Offer.of(Winograd.suits(spec) ? new Winograd(spec, workers) : new SimdConv(spec, workers));
    }

    /** The forward kernel that only adds products, without transforms: whole numbers stay exact up to 2^24. */
    static Kernel direct(ConvSpec spec, Workers workers) {
        if (SimdDepthwise.suits(spec)) {
            return new SimdDepthwise(spec, workers);
        }
        if (isGemm(spec) && SimdGemm.offer(gemm(spec), workers) instanceof Offer.Taken(Kernel gemm)) {
            return gemm;
        }
        return new SimdConv(spec, workers);
    }

    private static boolean isGemm(ConvSpec s) {
        return s.kh() * s.kw() == 1
                && s.sh() * s.sw() == 1
                && s.ph() + s.pw() + s.pb() + s.pr() == 0
                && s.groups() == 1
                && (long) s.n() * s.h() * s.w() <= Integer.MAX_VALUE;
    }

    /** A 1x1 convolution: pixels times channels; the operands are those of GEMM, in GEMM's order. */
    private static GemmSpec gemm(ConvSpec s) {
        int pixels = s.n() * s.h() * s.w();
        GemmSpec gemm = s.direction() == Direction.FORWARD
                ? GemmSpec.of(pixels, s.oc(), s.ic(), false, true).withActivation(s.activation())
                : GemmSpec.of(pixels, s.ic(), s.oc());
        return s.bias() ? gemm.withBias() : gemm;
    }

    private ConvWindow window() {
        List<ConvTap> taps = new ArrayList<>();
        if (forward) {
            taps.addAll(ConvGeometry.forward(spec));
        } else {
            for (int phase = 0; phase < outStrideY * outStrideX; phase++) {
                taps.addAll(ConvGeometry.backward(spec, phase / outStrideX, phase % outStrideX));
            }
        }
        int rows = Math.max(1, Math.ceilDiv(outHeight, outStrideY));
        int cols = Math.ceilDiv(outWidth, outStrideX);
        double rowFlops = Math.max(1, spec.flops() / Math.max(1, spec.n()) / rows);
        int stepY = forward ? spec.sh() : 1;
        int stepX = forward ? spec.sw() : 1;
        return new ConvWindow(inHeight, inWidth, inChannels, inChannels, stepY, stepX, rows, cols, rowFlops, taps);
    }

    private void addPhases() {
        for (int y = 0; y < outStrideY; y++) {
            for (int x = 0; x < outStrideX; x++) {
                List<ConvTap> taps = forward ? ConvGeometry.forward(spec) : ConvGeometry.backward(spec, y, x);
                int rows = Math.ceilDiv(Math.max(0, outHeight - y), outStrideY);
                int cols = Math.ceilDiv(Math.max(0, outWidth - x), outStrideX);
                boolean wholePixels = spec.groups() == 1;
                phases.add(ConvPhase.of(taps, window, inDepth, wholePixels, tiles, arena, y, x, rows, cols));
            }
        }
    }

    @Override
    public String implementation() {
        Micro main = tiles.micro(panels.vectors(0));
        return "simd:conv " + main.rows + "x" + main.width() + " " + tiles.name();
    }

    @Override
    public long scratchBytes() {
        return 4 * (packedFloats + workers.threads() * workerFloats);
    }

    @Override
    public void execute(long[] frame) {
        if (spec.n() == 0 || outHeight == 0 || outWidth == 0) {
            return;
        }
        workers.runApart(spec.groups() * phases.size() * panels.count(), pack, frame);
        workers.runApart(Math.ceilDiv(spec.n(), imagesPerPiece) * window.bands, convolve, frame);
    }

    private long packed(long[] frame, int group, int phase, int panel) {
        long k = phases.get(phase).k();
        long at = group * packedAt[phases.size()] + packedAt[phase] + k * panels.column(panel);
        return frame[scratchSlot] + 4 * at;
    }

    /** Packs the weights of one group, phase and panel: tap after tap, the input's channels down, the output's across. */
    private void pack(long[] frame, int piece, int worker) {
        int panel = piece % panels.count();
        int phase = piece / panels.count() % phases.size();
        int group = piece / panels.count() / phases.size();
        long tapCount = (long) spec.kh() * spec.kw();
        int icg = spec.ic() / spec.groups();
        int ocg = spec.oc() / spec.groups();
        long filter = 4 * tapCount * icg;
        int column = panels.column(panel);
        int width = panels.width(panel);
        long to = packed(frame, group, phase, panel);
        List<ConvTap> taps = phases.get(phase).taps();
        for (int t = 0; t < taps.size(); t++) {
            long tap = frame[1] + group * ocg * filter + 4L * taps.get(t).index() * icg;
            if (forward) {
                Pack.columns(tap + column * filter, filter, icg, panels.columns(panel), width, to);
            } else {
                Pack.rows(tap + 4L * column, filter, ocg, panels.columns(panel), width, to);
            }
            to += 4L * inDepth * width;
        }
    }

    /** One band of some images. */
    private void convolve(long[] frame, int piece, int worker) {
        int first = piece / window.bands * imagesPerPiece;
        int row = piece % window.bands * window.bandRows;
        long tile = frame[scratchSlot] + 4 * (packedFloats + worker * workerFloats);
        long pixels = tile + 4L * Tiles.LARGEST;
        for (int n = first; n < Math.min(spec.n(), first + imagesPerPiece); n++) {
            window.copy(frame[0] + 4L * n * inHeight * inWidth * inChannels, row, pixels);
            long out = frame[outSlot] + 4L * n * outHeight * outWidth * outChannels;
            for (int group = 0; group < spec.groups(); group++) {
                for (int phase = 0; phase < phases.size(); phase++) {
                    phase(frame, pixels + 4L * group * inDepth, out, tile, row, group, phase);
                }
            }
        }
    }

    /** The outputs of one group and phase in the band. */
    private void phase(long[] frame, long pixels, long out, long tile, int row, int group, int index) {
        ConvPhase phase = phases.get(index);
        int rows = Math.min(window.bandRows, phase.rows() - row);
        if (rows <= 0 || phase.cols() == 0) {
            return;
        }
        long outRow = 4L * outWidth * outChannels * outStrideY;
        long corner = out + 4L * ((long) phase.originY() * outWidth + phase.originX()) * outChannels + row * outRow;
        for (int panel = 0; panel < panels.count(); panel++) {
            int channel = group * outDepth + panels.column(panel);
            long bias = spec.bias() ? frame[2] + 4L * channel : 0;
            long to = corner + 4L * channel;
            if (phase.k() == 0) {
                for (int y = 0; y < rows; y++) {
                    long pixelStep = 4L * outChannels * outStrideX;
                    writer.empty(to + y * outRow, pixelStep, phase.cols(), panels.columns(panel), bias);
                }
            } else {
                panel(phase, pixels, packed(frame, group, index, panel), to, tile, rows, panel, bias);
            }
        }
    }

    /** All tiles of one panel, block of k after block of k. */
    private void panel(
            ConvPhase phase, long pixels, long weights, long out, long tile, int rows, int panel, long bias) {
        Micro micro = tiles.micro(panels.vectors(panel));
        int columns = panels.columns(panel);
        int count = (rows - 1) * window.pitch + phase.cols();
        long pixelStep = 4L * outChannels * outStrideX;
        long outRow = 4L * outWidth * outChannels * outStrideY;
        long tileRow = 4L * micro.width();
        boolean whole = writer.plain() && bias == 0 && columns == micro.width() && phase.blocks().length == 1;
        for (int block = 0; block < phase.blocks().length; block++) {
            Micro.Strides strides = phase.blocks()[block][micro.vectors - 1];
            long b = weights + 4L * block * phase.blockSteps() * micro.width();
            boolean last = block == phase.blocks().length - 1;
            int y = 0;
            int x = 0;
            for (int q = 0; q < count; q += micro.rows) {
                long a = pixels + 4L * q * window.channels;
                long to = out + y * outRow + x * pixelStep;
                if (whole && x + micro.rows <= phase.cols()) {
                    micro.run(strides, a, b, to, pixelStep);
                } else {
                    micro.run(strides, a, b, tile, tileRow);
                    scatter(phase, tile, micro, columns, out, y, x, rows, bias, block == 0, last);
                }
                x += micro.rows;
                while (x >= window.pitch) {
                    x -= window.pitch;
                    y++;
                }
            }
        }
    }

    /** Writes those pixels of a tile that are outputs; the tile begins at grid place (y, x). */
    private void scatter(
            ConvPhase phase,
            long tile,
            Micro micro,
            int columns,
            long out,
            int y,
            int x,
            int rows,
            long bias,
            boolean first,
            boolean last) {
        long pixelStep = 4L * outChannels * outStrideX;
        long outRow = 4L * outWidth * outChannels * outStrideY;
        long tileRow = 4L * micro.width();
        for (int r = 0; r < micro.rows && y < rows; ) {
            int run = Math.min(micro.rows - r, phase.cols() - x);
            if (run > 0) {
                long to = out + y * outRow + x * pixelStep;
                writer.write(tile + r * tileRow, tileRow, to, pixelStep, run, columns, bias, first, last);
            }
            r += Math.min(micro.rows - r, window.pitch - x);
            x = 0;
            y++;
        }
    }
}
