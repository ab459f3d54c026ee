package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.Micro.Strides;
import io.gatun.spec.ConvSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Backward weights: diffWeights[tap, c, o] = Σ over pixels of src[pixel at tap, c] · diffDst[pixel, o], a GEMM whose k
 * is the pixels. A is a {@link ConvWindow} of src with channels (of neighbouring taps) as rows, B is diffDst as it lies.
 *
 * <p>The images are cut into chunks, a number that depends on the problem only. Each chunk sums into memory of its own,
 * [group, tap, c, o]; then the chunks are added in their order and turned into OHWI. Large gradients are also cut into
 * blocks of input and output channels, whose sums stay in L2.
 */
final class SimdConvWeights implements Kernel {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** More chunks than two threads need, so that the last one to finish is not long alone. */
    private static final int MAX_CHUNKS = 16;

    private static final long CHUNK_MEMORY = 32 << 20;

    /** Pixels worth a visit to the sums: a tile is loaded and stored once for so many steps. */
    private static final int MIN_PIXELS = 512;

    /**
     * Gradients of more floats are cut into blocks: 1.5 times as fast at 512 x 2048 and 7x7 pixels, 0.8 times at 256 x 512
     * and 28x28.
     */
    private static final long WHOLE = 200_000;

    /** Blocks of 64 x 128 and of 256 x 256 are 0.9 times as fast. */
    private static final int IN_BLOCK = 128;

    private static final int OUT_BLOCK = 128;

    /** Blocks and chunks of them, so that the last one to finish is not long alone. */
    private static final int BLOCK_CHUNKS = 8;

    /** Pixels whose gradients, of a panel of channels, stay in L1 while all tiles read them: 28 KB. */
    private static final int L1_PIXELS = 112;

    private static final long WINDOW_MEMORY = 192 * 1024;

    /** Output channels of one piece of the final sum. */
    private static final int SUM_CHANNELS = 16;

    private final ConvSpec spec;
    private final Workers workers;
    private final Tiles tiles = Tiles.HERE;
    private final Panels panels;
    private final ConvWindow window;
    private final List<ConvTap> taps;
    private final int run;
    private final int inBlocks;
    private final int outBlocks;
    private final int icg;
    private final int ocg;
    private final int images;
    private final int pieces;
    private final int chunks;
    private final boolean copyDst;
    private final int dstPitch;
    private final long sumFloats;
    private final long chunkFloats;
    private final long workerFloats;
    private final Strides[] whole;
    private final Strides[] last;
    private final Arena arena = Arena.ofAuto();
    private final Task chunk = this::chunk;
    private final Task sum = this::sum;
    private final int scratchSlot;

    SimdConvWeights(ConvSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        boolean blocked = spec.groups() == 1 && (long) spec.kh() * spec.kw() * spec.ic() * spec.oc() > WHOLE;
        this.inBlocks = blocked && spec.ic() % IN_BLOCK == 0 ? spec.ic() / IN_BLOCK : 1;
        this.outBlocks = blocked && spec.oc() % OUT_BLOCK == 0 ? spec.oc() / OUT_BLOCK : 1;
        this.icg = spec.ic() / (spec.groups() * inBlocks);
        this.ocg = spec.oc() / (spec.groups() * outBlocks);
        this.panels = new Panels(ocg, tiles);
        this.taps = ConvGeometry.forward(spec);
        int rows = Math.max(1, spec.oh());
        double rowFlops = Math.max(1, spec.flops() / Math.max(1, spec.n()) / (rows * inBlocks * outBlocks));
        int channels = spec.groups() * icg;
        this.window = new ConvWindow(
                spec.h(), spec.w(), channels, spec.ic(), spec.sh(), spec.sw(), rows, spec.ow(), rowFlops, taps);
        this.run = spec.groups() == 1 ? ConvPhase.run(taps, window, icg) : 1;
        int wanted = Math.ceilDiv(MIN_PIXELS, Math.max(1, spec.oh() * spec.ow()));
        int fitting = (int) Math.max(1, WINDOW_MEMORY / (4 * window.floats()));
        this.images = window.bands > 1 ? 1 : Math.min(Math.min(wanted, fitting), Math.max(1, spec.n()));
        this.pieces = Math.ceilDiv(spec.n(), images) * window.bands;
        this.sumFloats = (long) spec.groups() * taps.size() * icg * panels.padded();
        this.chunkFloats = Math.ceilDiv(sumFloats + spec.oc(), 16) * 16L;
        this.chunks = blocked
                ? Math.clamp(BLOCK_CHUNKS / (inBlocks * outBlocks), 1, Math.max(1, pieces))
                : Math.clamp(CHUNK_MEMORY / (4 * chunkFloats), 2, Math.clamp(pieces, 2, MAX_CHUNKS));
        this.copyDst = ocg % Lanes.COUNT != 0 || outBlocks > 1;
        this.dstPitch = copyDst ? spec.groups() * panels.padded() : spec.oc();
        long dstFloats = copyDst ? (long) images * window.bandRows * spec.ow() * dstPitch : 0;
        this.workerFloats = Math.ceilDiv(Tiles.LARGEST + images * window.floats() + dstFloats, 16) * 16L;
        int remaining =
                window.bands > 1 ? spec.oh() - (window.bands - 1) * window.bandRows : spec.n() % images * spec.oh();
        long offsets = offsets();
        this.whole = strides(images * window.bandRows, offsets);
        this.last = strides(remaining, offsets);
        this.scratchSlot = spec.bias() ? 4 : 3;
    }

    /** One segment of k for each output row of each image that is in the window. */
    private long offsets() {
        long table = arena.allocate(8L * (images * window.bandRows + 1), 8).address();
        for (int s = 0; s < images * window.bandRows; s++) {
            int image = s / window.bandRows;
            long offset = 4 * (image * window.floats() + (long) (s % window.bandRows) * window.pitch * window.channels);
            Raw.i32(table, 2L * s, (int) offset);
            Raw.i32(table, 2L * s + 1, (int) (offset >> 32));
        }
        return table;
    }

    /** Rows of pixels in blocks that stay in L1. */
    private Strides[] strides(int segments, long offsets) {
        int perBlock = Math.max(1, L1_PIXELS / Math.max(1, spec.ow()));
        Strides[] blocks = new Strides[Math.ceilDiv(segments, perBlock)];
        for (int b = 0; b < blocks.length; b++) {
            int count = Math.min(perBlock, segments - b * perBlock);
            long from = offsets + 8L * b * perBlock;
            blocks[b] = new Strides(4, 4L * window.channels, 4L * dstPitch, spec.ow(), count, from);
        }
        return blocks;
    }

    @Override
    public String implementation() {
        Micro main = tiles.micro(panels.vectors(0));
        return "simd:conv weights " + main.rows + "x" + main.width() + " " + tiles.name();
    }

    @Override
    public long scratchBytes() {
        return 4 * (inBlocks * outBlocks * chunks * chunkFloats + workers.threads() * workerFloats);
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(inBlocks * outBlocks * chunks, chunk, frame);
        workers.runApart(spec.groups() * outBlocks * Math.ceilDiv(ocg, SUM_CHANNELS), sum, frame);
        if (spec.bias()) {
            sumBias(frame);
        }
    }

    /** Where a chunk of a block is summed; chunks follow each other. */
    private long sums(long[] frame, int inBlock, int outBlock, int chunk) {
        return frame[scratchSlot] + 4 * (((long) inBlock * outBlocks + outBlock) * chunks + chunk) * chunkFloats;
    }

    /** Sums its share of the images, from zero. */
    private void chunk(long[] frame, int task, int worker) {
        int index = task % chunks;
        int outBlock = task / chunks % outBlocks;
        int inBlock = task / chunks / outBlocks;
        long sums = sums(frame, inBlock, outBlock, index);
        Pack.zero(sums, Math.toIntExact(chunkFloats));
        int end = (int) ((long) pieces * (index + 1) / chunks);
        for (int piece = (int) ((long) pieces * index / chunks); piece < end; piece++) {
            piece(frame, piece, inBlock, outBlock, worker, sums);
        }
    }

    /** A band of an image, or some whole images. */
    private void piece(long[] frame, int piece, int inBlock, int outBlock, int worker, long sums) {
        int first = piece / window.bands * images;
        int row = piece % window.bands * window.bandRows;
        int count = Math.min(images, spec.n() - first);
        int rows = Math.min(window.bandRows, spec.oh() - row);
        if (rows <= 0 || spec.ow() == 0) {
            return;
        }
        long tile = frame[scratchSlot] + 4 * (inBlocks * outBlocks * chunks * chunkFloats + worker * workerFloats);
        long pixels = tile + 4L * Tiles.LARGEST;
        for (int i = 0; i < count; i++) {
            long image = 4L * ((long) (first + i) * spec.h() * spec.w() * spec.ic() + inBlock * icg);
            window.copy(frame[0] + image, row, pixels + 4 * i * window.floats());
        }
        long dst = frame[1] + 4 * ((((long) first * spec.oh() + row) * spec.ow()) * spec.oc() + outBlock * ocg);
        int dstPixels = count * rows * spec.ow();
        if (spec.bias() && inBlock == 0) {
            addBias(dst, dstPixels, sums + 4 * sumFloats);
        }
        if (copyDst) {
            long copy = pixels + 4 * images * window.floats();
            for (int g = 0; g < spec.groups(); g++) {
                spread(dst + 4L * g * ocg, dstPixels, copy + 4L * g * panels.padded());
            }
            dst = copy;
        }
        for (int g = 0; g < spec.groups(); g++) {
            long from = dst + 4L * g * (copyDst ? panels.padded() : ocg);
            group(pixels + 4L * g * icg, from, count * rows, sums + 4L * g * taps.size() * icg * panels.padded(), tile);
        }
    }

    /** Columns of diffDst to whole vectors, so that the last pixel is not read beyond its end. */
    private void spread(long dst, int pixels, long to) {
        for (int p = 0; p < pixels; p++) {
            Pack.move(dst, to, ocg);
            Pack.zero(to + 4L * ocg, panels.padded() - ocg);
            dst += 4L * spec.oc();
            to += 4L * dstPitch;
        }
    }

    /** Adds the products over {@code segments} rows of pixels to the sums of one group. */
    private void group(long pixels, long dst, int segments, long sums, long tile) {
        for (Strides strides : segments == images * window.bandRows ? whole : last) {
            for (int panel = 0; panel < panels.count(); panel++) {
                Micro micro = tiles.micro(panels.vectors(panel));
                long b = dst + 4L * panels.column(panel);
                for (int t = 0; t < taps.size(); t += run) {
                    long a = pixels + window.offset(taps.get(t));
                    long to = sums + 4L * ((long) t * icg * panels.padded() + panels.column(panel));
                    tiles(micro, strides, a, b, run * icg, to, tile);
                }
            }
            dst += strides.segments() * strides.steps() * strides.bStep();
        }
    }

    private void tiles(Micro micro, Strides strides, long a, long b, int rows, long sums, long tile) {
        long sumRow = 4L * panels.padded();
        long tileRow = 4L * micro.width();
        for (int r = 0; r < rows; r += micro.rows) {
            int count = Math.min(micro.rows, rows - r);
            micro.run(strides, a + 4L * r, b, tile, tileRow);
            WinogradLoop.ADD.run(tile, tileRow, sums + r * sumRow, sumRow, 0, count, tileRow);
        }
    }

    private void addBias(long dst, int pixels, long sums) {
        for (int c = 0; c < spec.groups() * ocg; c++) {
            float total = 0;
            for (int p = 0; p < pixels; p++) {
                total += Raw.f32(dst, (long) p * spec.oc() + c);
            }
            Raw.f32(sums, c, Raw.f32(sums, c) + total);
        }
    }

    /** Adds the chunks for some output channels of a group or block and writes these as OHWI. */
    private void sum(long[] frame, int piece, int worker) {
        int perGroup = Math.ceilDiv(ocg, SUM_CHANNELS);
        int group = piece / perGroup;
        int channel = piece % perGroup * SUM_CHANNELS;
        int depth = taps.size() * icg;
        int floats = Math.min(SUM_CHANNELS, panels.padded() - channel);
        int columns = Math.min(SUM_CHANNELS, ocg - channel);
        for (int inBlock = 0; inBlock < inBlocks; inBlock++) {
            long sums = outBlocks > 1
                    ? sums(frame, inBlock, group, 0) + 4L * channel
                    : sums(frame, inBlock, 0, 0) + 4 * ((long) group * depth * panels.padded() + channel);
            for (int r = 0; r < depth; r++) {
                addChunks(sums + 4L * r * panels.padded(), floats);
            }
            long to = frame[2] + 4L * (group * ocg + channel) * depth * inBlocks;
            if (inBlocks == 1) {
                Pack.columns(sums, 4L * panels.padded(), columns, depth, depth, to);
            } else {
                turn(sums, columns, to + 4L * inBlock * icg);
            }
        }
    }

    /** The same for a block of input channels, whose taps do not lie together in OHWI. */
    private void turn(long sums, int columns, long to) {
        long filter = 4L * taps.size() * spec.ic();
        for (int tap = 0; tap < taps.size(); tap++) {
            for (int c = 0; c < icg; c += Lanes.COUNT) {
                for (int o = 0; o < columns; o += Lanes.COUNT) {
                    long from = sums + 4L * ((long) (tap * icg + c) * panels.padded() + o);
                    Transpose.square(from, 4L * panels.padded(), to + o * filter + 4L * (tap * spec.ic() + c), filter);
                }
            }
        }
    }

    private void addChunks(long first, int floats) {
        for (int i = 0; i < floats; i += Lanes.COUNT) {
            long at = first + 4L * i;
            FloatVector total = fromMemorySegment(F, MEMORY, at, ORDER);
            for (int c = 1; c < chunks; c++) {
                total = total.add(fromMemorySegment(F, MEMORY, at + 4 * c * chunkFloats, ORDER));
            }
            total.intoMemorySegment(MEMORY, at, ORDER);
        }
    }

    private void sumBias(long[] frame) {
        int channels = spec.groups() * ocg;
        for (int c = 0; c < spec.oc(); c++) {
            long sums = sums(frame, 0, c / channels, 0) + 4 * sumFloats;
            float total = Raw.f32(sums, c % channels);
            for (int k = 1; k < chunks; k++) {
                total += Raw.f32(sums + 4 * k * chunkFloats, c % channels);
            }
            Raw.f32(frame[3], c, total);
        }
    }
}
