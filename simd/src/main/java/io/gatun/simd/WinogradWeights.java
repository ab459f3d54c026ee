package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.Micro.Strides;
import io.gatun.spec.ConvSpec;

/**
 * Backward weights of what {@link Winograd} convolves: dU[place, c, o] = Σ over tiles of V[place, tile, c] ·
 * E[place, tile, o] with E = A e At, the transformed 2x2 gradients of the outputs, and at the end Gt dU G.
 *
 * <p>A piece is one block of input channels, one of output channels, and a chunk of the tiles; both blocks transform
 * their inputs anew, 8 % of the multiplications at 64 x 128. The numbers of all three depend on the problem only. The
 * chunks are added in their order. Errors add up to 1.6 (32 channels) to 2.5 (256) times those of the sum of taps.
 */
final class WinogradWeights implements Kernel {
    private static final int PLACES = 16;
    private static final int TILES = 96;
    private static final int IN_BLOCK = 64;
    private static final int OUT_BLOCK = 128;

    /** With 16 channels the sum of taps is as fast. */
    private static final int MIN_CHANNELS = 32;

    /** Pieces, so that the last one to finish is not long alone. */
    private static final int PIECES = 8;

    private final ConvSpec spec;
    private final Workers workers;
    private final SimdConvWeights direct;
    private final Tiles tiles = Tiles.HERE;
    private final Panels panels;
    private final Task chunk = this::chunk;
    private final Task finish = this::finish;

    private final int in;
    private final int out;
    private final int inBlocks;
    private final int outBlocks;
    private final int chunks;
    private final int steps;
    private final int tilesY;
    private final int tilesX;
    private final int images;
    private final int bandRows;
    private final int bands;
    private final int pitch;
    private final PaddedRows padded;
    private final Strides whole;
    private final Strides last;

    // Bytes: the distance of two of the 16 parts of V, E and dU, and where things lie in the scratch memory.
    private final long placeV;
    private final long placeE;
    private final long placeU;
    private final long block;
    private final long flagAt;
    private final long workersAt;
    private final long rowsAt;
    private final long vAt;
    private final long eAt;
    private final long workerBytes;

    WinogradWeights(ConvSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.direct = new SimdConvWeights(spec, workers);
        this.in = Math.min(spec.ic(), IN_BLOCK);
        this.out = Math.min(spec.oc(), OUT_BLOCK);
        this.inBlocks = spec.ic() / in;
        this.outBlocks = spec.oc() / out;
        this.panels = new Panels(out, tiles);
        this.tilesY = Math.ceilDiv(spec.oh(), 2);
        this.tilesX = Math.ceilDiv(spec.ow(), 2);
        this.images = Math.clamp(TILES / (tilesY * tilesX), 1, spec.n());
        int rows = images > 1 ? tilesY : Math.clamp(TILES / tilesX, 1, tilesY);
        this.bands = Math.ceilDiv(tilesY, rows);
        this.bandRows = Math.ceilDiv(tilesY, bands);
        this.pitch = 2 * tilesX + 2;
        this.padded = new PaddedRows(spec.h(), spec.w(), spec.ic(), in, 1, 1, pitch);
        this.steps = Math.ceilDiv(spec.n(), images) * bands;
        this.chunks = Math.clamp(PIECES / (inBlocks * outBlocks), 1, steps);
        int count = images * bandRows * tilesX;
        int remaining = bands > 1 ? (tilesY - (bands - 1) * bandRows) * tilesX : spec.n() % images * tilesY * tilesX;
        this.whole = strides(count);
        this.last = strides(remaining);
        this.placeV = 4L * count * in + 64;
        this.placeE = 4L * count * out + 64;
        this.placeU = 4L * (in + Tiles.TALLEST) * out;
        this.block = PLACES * placeU;
        this.flagAt = block * inBlocks * outBlocks * chunks;
        this.workersAt = flagAt + 64;
        this.rowsAt = 4L * (2 * bandRows + 2) * pitch * in;
        this.vAt = rowsAt + 4L * 2 * 2 * tilesX * out;
        this.eAt = vAt + PLACES * placeV + 4L * Tiles.TALLEST;
        long chunking = eAt + PLACES * placeE + 4L * Tiles.LARGEST;
        long finishing = (3 * 4 + 9) * Lanes.COUNT * Lanes.BYTES;
        this.workerBytes = Math.ceilDiv(Math.max(chunking, finishing) + 128, 64) * 64;
    }

    static boolean suits(ConvSpec s) {
        return Winograd.suits(s)
                && !s.bias()
                && Math.min(s.ic(), s.oc()) >= MIN_CHANNELS
                && (s.ic() <= IN_BLOCK || s.ic() % IN_BLOCK == 0)
                && (s.oc() <= OUT_BLOCK || s.oc() % OUT_BLOCK == 0);
    }

    private Strides strides(int count) {
        return new Strides(4, 4L * in, 4L * out, count, 1, Tiles.NO_OFFSET);
    }

    @Override
    public String implementation() {
        Micro main = tiles.micro(panels.vectors(0));
        return "simd:winograd weights 2x2 " + main.rows + "x" + main.width() + " " + tiles.name();
    }

    @Override
    public long scratchBytes() {
        return Math.max(direct.scratchBytes(), workersAt + workers.threads() * workerBytes);
    }

    @Override
    public void execute(long[] frame) {
        Raw.i32(frame[3] + flagAt, 0, 0);
        workers.runApart(inBlocks * outBlocks * chunks, chunk, frame);
        workers.runApart(spec.oc() / Lanes.COUNT, finish, frame);
        if (Raw.i32(frame[3] + flagAt, 0) != 0) {
            direct.execute(frame);
        }
    }

    private long worker(long[] frame, int worker) {
        return frame[3] + workersAt + worker * workerBytes;
    }

    /** dU of a block, from a chunk; chunks follow each other. */
    private long sums(long[] frame, int inBlock, int outBlock, int chunk) {
        return frame[3] + ((inBlock * outBlocks + outBlock) * chunks + chunk) * block;
    }

    private void chunk(long[] frame, int piece, int worker) {
        int index = piece % chunks;
        int outBlock = piece / chunks % outBlocks;
        int inBlock = piece / chunks / outBlocks;
        long sums = sums(frame, inBlock, outBlock, index);
        int begin = (int) ((long) steps * index / chunks);
        int end = (int) ((long) steps * (index + 1) / chunks);
        for (int step = begin; step < end; step++) {
            step(frame, step, 4L * in * inBlock, 4L * out * outBlock, sums, step == begin, worker(frame, worker));
        }
    }

    /** Some whole images, or a band of tiles of one. */
    private void step(long[] frame, int step, long inAt, long outAt, long sums, boolean begin, long window) {
        int first = step / bands * images;
        int row = step % bands * bandRows;
        int count = Math.min(images, spec.n() - first);
        int rows = Math.min(bandRows, tilesY - row);
        for (int i = 0; i < count; i++) {
            long src = frame[0] + 4L * (first + i) * spec.h() * spec.w() * spec.ic() + inAt;
            padded.copy(src, 2 * row - spec.ph(), -spec.pw(), 2 * rows + 2, window);
            long dst = frame[1] + 4L * (first + i) * spec.oh() * spec.ow() * spec.oc() + outAt;
            for (int y = 0; y < rows; y++) {
                long tile = (long) (i * rows + y) * tilesX;
                long from = window + 4L * 2 * y * pitch * in;
                long v = window + vAt + 4 * tile * in;
                WinogradLoop.DATA_OUTER.run(from, 4L * pitch * in, v, 0, placeV, tilesX, 4L * in);
                WinogradLoop.DATA_INNER.run(from, 4L * pitch * in, v, 0, placeV, tilesX, 4L * in);
                errors(dst, 2 * (row + y), window + rowsAt, window + eAt + 4 * tile * out);
            }
        }
        multiply(count * rows * tilesX, window, sums, begin);
    }

    /** E of a row of tiles whose upper outputs are row {@code y}; what is beyond the image is zero. */
    private void errors(long image, int y, long rows, long to) {
        long pixel = 4L * spec.oc();
        long from = image + y * spec.ow() * pixel;
        if (y + 1 < spec.oh() && spec.ow() % 2 == 0) {
            WinogradLoop.ERRORS.run(from, pixel, to, from + spec.ow() * pixel, placeE, tilesX, 4L * out);
            return;
        }
        long second = rows + 4L * 2 * tilesX * out;
        for (int x = 0; x < 2 * tilesX; x++) {
            copyPixel(from + x * pixel, rows + 4L * x * out, x < spec.ow());
            copyPixel(from + (spec.ow() + x) * pixel, second + 4L * x * out, x < spec.ow() && y + 1 < spec.oh());
        }
        WinogradLoop.ERRORS.run(rows, 4L * out, to, second, placeE, tilesX, 4L * out);
    }

    private void copyPixel(long from, long to, boolean exists) {
        if (exists) {
            Pack.move(from, to, out);
        } else {
            Pack.zero(to, out);
        }
    }

    private void multiply(int count, long window, long sums, boolean begin) {
        Strides strides = count == whole.steps() ? whole : last;
        long tile = window + eAt + PLACES * placeE;
        for (int place = 0; place < PLACES; place++) {
            for (int panel = 0; panel < panels.count(); panel++) {
                Micro micro = tiles.micro(panels.vectors(panel));
                long b = window + eAt + place * placeE + 4L * panels.column(panel);
                long a = window + vAt + place * placeV;
                long row = 4L * panels.width(panel);
                long to = panel(sums + place * placeU, panel);
                for (int c = 0; c < in; c += micro.rows) {
                    if (begin) {
                        micro.run(strides, a + 4L * c, b, to + c * row, row);
                    } else {
                        micro.run(strides, a + 4L * c, b, tile, row);
                        WinogradLoop.ADD.run(tile, 0, to + c * row, 0, 0, 1, micro.rows * row);
                    }
                }
            }
        }
    }

    /** Where a panel of a place of dU begins: each has a few rows more, which are computed and not used. */
    private long panel(long place, int panel) {
        return place + 4L * (in + Tiles.TALLEST) * panels.column(panel);
    }

    /** Adds the chunks of a vector of output channels and turns dU back. */
    private void finish(long[] frame, int piece, int worker) {
        int channel = piece * Lanes.COUNT;
        int outBlock = channel / out;
        int column = channel % out;
        int panel = 0;
        while (panels.column(panel) + panels.width(panel) <= column) {
            panel++;
        }
        long row = 4L * panels.width(panel);
        long bytes = Lanes.COUNT * Lanes.BYTES;
        long down = worker(frame, worker);
        long across = down + 12 * bytes;
        long flag = across + 9 * bytes;
        Pack.zero(flag, Lanes.COUNT);
        for (int inBlock = 0; inBlock < inBlocks; inBlock++) {
            long at = panel(0, panel) + 4L * (column - panels.column(panel));
            for (int c = 0; c < in; c += Lanes.COUNT) {
                long m = sums(frame, inBlock, outBlock, 0) + at + c * row;
                addChunks(m, row);
                WinogradLoop.GRADIENTS_DOWN.run(m, row, down, 0, placeU, Lanes.COUNT, bytes);
                WinogradLoop.GRADIENTS_ACROSS.run(down, flag, across, 0, 0, Lanes.COUNT, bytes);
                long to = frame[2] + 4L * (9L * spec.ic() * channel + inBlock * in + c);
                for (int tap = 0; tap < 9; tap++) {
                    Transpose.square(across + tap * bytes, Lanes.BYTES, to + 4L * tap * spec.ic(), 4L * 9 * spec.ic());
                }
            }
        }
        for (int i = 0; i < Lanes.COUNT; i++) {
            if (Float.isNaN(Raw.f32(flag, i))) {
                Raw.i32(frame[3] + flagAt, 0, 1);
            }
        }
    }

    private void addChunks(long m, long row) {
        for (int k = 1; k < chunks; k++) {
            for (int place = 0; place < PLACES; place++) {
                long at = m + place * placeU;
                WinogradLoop.ADD.run(at + k * block, row, at, row, 0, Lanes.COUNT, Lanes.BYTES);
            }
        }
    }
}
