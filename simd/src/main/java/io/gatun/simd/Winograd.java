package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.Micro.Strides;
import io.gatun.spec.Activation;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.ConvSpec.Direction;

/**
 * 3x3 convolution of stride 1, forward and backward data, by Winograd's F(2x2, 3x3): 2x2 outputs of a tile of 4x4 inputs
 * take 16 multiplications a pair of channels where the sum of taps takes 36 (Lavin and Gray, arXiv:1509.09308). Some
 * tiles at a time are transformed, V[16][tile][in], then multiplied with the transformed weights, U[16][in][out], by 16
 * products, M[16][tile][out], and transformed back; all three stay in L2. Backward data is the same with diffDst as
 * input and the weights turned by 180 degrees.
 *
 * <p>The transforms add and halve, so integers stay exact, and a NaN reaches the outputs whose windows hold it and no
 * others. An infinity or an overflow could become NaN where the sum of taps is infinite or finite, so if any output is
 * not finite, everything is computed again by {@link SimdConv}. Errors are those of Σ|d|·Σ|w| of a window, not of Σ|d·w|;
 * on uniform inputs they add up to 0.7 (64 channels) to 1.07 (256) times those of the sum of taps, whose chains are longer.
 */
final class Winograd implements Kernel {
    private static final int PLACES = 16;

    /**
     * Tiles of a piece, V and M of which stay in L2 or near it: 96 are 1.1 times as fast as 48 with 64 channels and
     * more, 0.9 times with 16.
     */
    private static final int TILES = 96;

    private static final int NARROW_TILES = 48;
    private static final int NARROW = 64;

    /** Twice as fast as the sum of taps from 64 channels on, 1.7 times with 32, 1.2 times with 16. */
    private static final int MIN_CHANNELS = 16;

    /** Transforming the weights costs about as much as 20 tiles save. */
    private static final int MIN_TILES = 128;

    /** U of the turned filter is U in another order. */
    private static final int[] TURNED = {3, 1, 2, 0};

    private final ConvSpec spec;
    private final Workers workers;
    private final SimdConv direct;
    private final boolean forward;
    private final Tiles tiles = Tiles.HERE;
    private final Panels panels;
    private final TileWriter writer;

    /** Whether the ReLU is done where the bias is added. */
    private final boolean rectifies;

    private final Task transformWeights = this::transformWeights;
    private final Task convolve = this::convolve;

    // The image that is read and the one that is written, whichever the direction.
    private final int inHeight;
    private final int inWidth;
    private final int in;
    private final int outHeight;
    private final int outWidth;
    private final int out;
    private final int top;
    private final int left;
    private final int outSlot;
    private final int scratchSlot;

    private final int tilesY;
    private final int tilesX;
    private final int images;
    private final int bandRows;
    private final int bands;
    private final int pitch;
    private final PaddedRows padded;
    private final Strides[] strides;

    // Bytes: the distance of two of the 16 parts of V and of M, and where things lie in the scratch memory.
    private final long placeV;
    private final long placeM;
    private final long flagAt;
    private final long workersAt;
    private final long vAt;
    private final long mAt;
    private final long rowsAt;
    private final long workerBytes;

    Winograd(ConvSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.direct = new SimdConv(spec, workers);
        this.forward = spec.direction() == Direction.FORWARD;
        this.inHeight = forward ? spec.h() : spec.oh();
        this.inWidth = forward ? spec.w() : spec.ow();
        this.in = forward ? spec.ic() : spec.oc();
        this.outHeight = forward ? spec.oh() : spec.h();
        this.outWidth = forward ? spec.ow() : spec.w();
        this.out = forward ? spec.oc() : spec.ic();
        this.top = forward ? spec.ph() : 2 - spec.ph();
        this.left = forward ? spec.pw() : 2 - spec.pw();
        this.outSlot = spec.bias() ? 3 : 2;
        this.scratchSlot = outSlot + 1;
        this.panels = new Panels(out, tiles);
        this.writer = new TileWriter(1, 0, spec.activation());
        this.rectifies = spec.bias() && spec.activation().kind() == Activation.Kind.RELU;
        this.tilesY = Math.ceilDiv(outHeight, 2);
        this.tilesX = Math.ceilDiv(outWidth, 2);
        int wanted = Math.min(in, out) < NARROW ? NARROW_TILES : TILES;
        this.images = Math.clamp(wanted / (tilesY * tilesX), 1, spec.n());
        this.bands = images > 1 ? 1 : Math.ceilDiv(tilesY, Math.clamp(wanted / tilesX, 1, tilesY));
        this.bandRows = Math.ceilDiv(tilesY, bands);
        this.pitch = 2 * tilesX + 2;
        this.padded = new PaddedRows(inHeight, inWidth, in, in, 1, 1, pitch);
        this.strides = new Strides[tiles.widest()];
        for (int v = 0; v < strides.length; v++) {
            strides[v] = new Strides(4L * in, 4, (v + 1) * Lanes.BYTES, in, 1, Tiles.NO_OFFSET);
        }
        int rows = images * bandRows * tilesX + Tiles.TALLEST;
        // One line more than whole pages: the 16 parts of a tile lie in different sets of L1.
        this.placeV = 4L * rows * in + 64;
        this.placeM = 4L * rows * out + 64;
        this.flagAt = 4L * PLACES * in * out;
        this.workersAt = flagAt + 64;
        this.vAt = 4L * (2 * bandRows + 2) * pitch * in;
        this.mAt = vAt + PLACES * placeV;
        this.rowsAt = mAt + PLACES * placeM;
        long convolving = rowsAt + 2 * 4L * 2 * tilesX * out;
        long transforming = 4L * (PLACES * Lanes.COUNT + 12) * spec.ic();
        this.workerBytes = Math.ceilDiv(Math.max(convolving, transforming) + 64, 64) * 64;
    }

    static boolean suits(ConvSpec s) {
        return s.kh() == 3
                && s.kw() == 3
                && s.sh() * s.sw() * s.dh() * s.dw() * s.groups() == 1
                && s.ic() % 16 == 0
                && s.oc() % 16 == 0
                && Math.min(s.ic(), s.oc()) >= MIN_CHANNELS
                && (long) s.n() * Math.ceilDiv(s.oh(), 2) * Math.ceilDiv(s.ow(), 2) >= MIN_TILES;
    }

    @Override
    public String implementation() {
        Micro main = tiles.micro(panels.vectors(0));
        return "simd:winograd 2x2 " + main.rows + "x" + main.width() + " " + tiles.name();
    }

    @Override
    public long scratchBytes() {
        return Math.max(direct.scratchBytes(), workersAt + workers.threads() * workerBytes);
    }

    @Override
    public void execute(long[] frame) {
        Raw.i32(frame[scratchSlot] + flagAt, 0, 0);
        workers.runApart(spec.oc() / Lanes.COUNT, transformWeights, frame);
        workers.runApart(Math.ceilDiv(spec.n(), images) * bands, convolve, frame);
        if (Raw.i32(frame[scratchSlot] + flagAt, 0) != 0) {
            direct.execute(frame);
        }
    }

    private long worker(long[] frame, int worker) {
        return frame[scratchSlot] + workersAt + worker * workerBytes;
    }

    private long packed(long[] frame, int place, int panel) {
        return frame[scratchSlot] + 4L * in * ((long) place * out + panels.column(panel));
    }

    /** U of {@link Lanes#COUNT} filters: as rows of k backward, forward as columns. */
    private void transformWeights(long[] frame, int piece, int worker) {
        int first = piece * Lanes.COUNT;
        long filterBytes = 4L * spec.ic();
        long u = worker(frame, worker);
        long place = filterBytes * Lanes.COUNT;
        long down = u + PLACES * place;
        for (int o = 0; o < Lanes.COUNT; o++) {
            long filter = frame[1] + 9 * filterBytes * (first + o);
            WinogradLoop.WEIGHTS_DOWN.run(filter, filterBytes, down, 0, filterBytes, 0, filterBytes);
            WinogradLoop.WEIGHTS_ACROSS.run(down, filterBytes, u + o * filterBytes, 0, place, 0, filterBytes);
        }
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                long from = u + (4 * i + j) * place;
                if (forward) {
                    packColumns(frame, from, first, 4 * i + j);
                } else {
                    packRows(frame, from, first, 4 * TURNED[i] + TURNED[j]);
                }
            }
        }
    }

    private void packColumns(long[] frame, long from, int first, int place) {
        int panel = 0;
        while (panels.column(panel) + panels.width(panel) <= first) {
            panel++;
        }
        long panelRow = 4L * panels.width(panel);
        long to = packed(frame, place, panel) + 4L * (first - panels.column(panel));
        for (int k = 0; k < in; k += Lanes.COUNT) {
            Transpose.square(from + 4L * k, 4L * in, to + k * panelRow, panelRow);
        }
    }

    private void packRows(long[] frame, long from, int first, int place) {
        for (int panel = 0; panel < panels.count(); panel++) {
            int width = panels.width(panel);
            long to = packed(frame, place, panel) + 4L * first * width;
            Pack.rows(from + 4L * panels.column(panel), 4L * out, Lanes.COUNT, width, width, to);
        }
    }

    /** Some whole images, or a band of tiles of one. */
    private void convolve(long[] frame, int piece, int worker) {
        int first = piece / bands * images;
        int count = Math.min(images, spec.n() - first);
        int row = piece % bands * bandRows;
        int rows = Math.min(bandRows, tilesY - row);
        if (rows <= 0) {
            return;
        }
        long window = worker(frame, worker);
        for (int i = 0; i < count; i++) {
            long image = frame[0] + 4L * (first + i) * inHeight * inWidth * in;
            padded.copy(image, 2 * row - top, -left, 2 * rows + 2, window);
            transform(window, rows, window + vAt + 4L * i * rows * tilesX * in);
        }
        multiply(frame, count * rows * tilesX, window + vAt, window + mAt);
        long flag = window;
        flag(frame, flag);
        for (int i = 0; i < count; i++) {
            long to = frame[outSlot] + 4L * (first + i) * outHeight * outWidth * out;
            for (int y = 0; y < rows; y++) {
                long m = window + mAt + 4L * (i * rows + y) * tilesX * out;
                output(frame, m, to, 2 * (row + y), window + rowsAt, flag);
            }
        }
        for (int i = 0; i < Lanes.COUNT; i++) {
            if (Float.isNaN(Raw.f32(flag, i))) {
                Raw.i32(frame[scratchSlot] + flagAt, 0, 1);
            }
        }
    }

    private void transform(long window, int rows, long v) {
        long pixel = 4L * in;
        long windowRow = pitch * pixel;
        for (int y = 0; y < rows; y++) {
            long from = window + 2 * y * windowRow;
            long to = v + y * tilesX * pixel;
            WinogradLoop.DATA_OUTER.run(from, windowRow, to, 0, placeV, tilesX, pixel);
            WinogradLoop.DATA_INNER.run(from, windowRow, to, 0, placeV, tilesX, pixel);
        }
    }

    private void multiply(long[] frame, int count, long v, long m) {
        for (int place = 0; place < PLACES; place++) {
            for (int panel = 0; panel < panels.count(); panel++) {
                int vectors = panels.vectors(panel);
                Micro micro = tiles.micro(vectors);
                long b = packed(frame, place, panel);
                long a = v + place * placeV;
                long to = m + place * placeM + 4L * panels.column(panel);
                for (int t = 0; t < count; t += micro.rows) {
                    micro.run(strides[vectors - 1], a + 4L * t * in, b, to + 4L * t * out, 4L * out);
                }
            }
        }
    }

    /** Two rows of outputs of an image. */
    private void output(long[] frame, long m, long image, int y, long rows, long flag) {
        long pixel = 4L * out;
        int floats = outWidth * out;
        long row = 4L * floats;
        long to = image + y * row;
        boolean both = y + 1 < outHeight;
        boolean whole = both && outWidth % 2 == 0;
        long second = rows + 2 * tilesX * pixel;
        WinogradLoop loop = spec.bias() ? WinogradLoop.OUTPUT_SHIFTED : WinogradLoop.OUTPUT;
        loop.run(m, flag, whole ? to : rows, whole ? to + row : second, placeM, tilesX, pixel);
        if (!whole) {
            Pack.move(rows, to, floats);
        }
        if (both && !whole) {
            Pack.move(second, to + row, floats);
        }
        if (!rectifies) {
            writer.activate(to, row, both ? 2 : 1, floats, rows);
        }
    }

    /** What {@link WinogradLoop#OUTPUT_SHIFTED} finds at the flag. */
    private void flag(long[] frame, long flag) {
        Pack.zero(flag, Lanes.COUNT);
        if (spec.bias()) {
            Raw.i64(flag + Lanes.BYTES, 0, frame[2]);
            Raw.f32(flag + Lanes.BYTES, 2, rectifies ? 0 : Float.NEGATIVE_INFINITY);
        }
    }
}
