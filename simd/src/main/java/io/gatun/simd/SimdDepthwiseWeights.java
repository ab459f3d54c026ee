package io.gatun.simd;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.spec.ConvSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.VectorSpecies;

/**
 * Depthwise backward to the weights: 18 floating-point operations for the 8 bytes of a pixel's channel in src and
 * diffDst (3x3), so bound by reading the two. A band of rows is brought to L2 and {@link DepthwiseTaps} sums taps over it,
 * one vector of channels after the other, so that the sums stay in registers.
 *
 * <p>The bands of all images are cut into chunks, a number that depends on the problem only. Each chunk adds its bands
 * in memory of its own, [vector of channels, tap, lane]; then the chunks are added in their order.
 */
final class SimdDepthwiseWeights implements Kernel {
    private static final VectorSpecies<Float> F = Lanes.F;
    private static final MemorySegment MEMORY = Raw.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** More chunks than two threads need, so that the last one to finish is not long alone. */
    private static final int MAX_CHUNKS = 16;

    private static final long CHUNK_MEMORY = 32 << 20;

    /** Pixels that one chain sums before it is added: a second level for accuracy, and no visit to memory a small image. */
    private static final int CHAIN_PIXELS = 512;

    /** Channels of one piece of the final sum. */
    private static final int SUM_CHANNELS = 128;

    /** Bytes of a band of both images: a quarter of L2. */
    private static final long BAND_BYTES = 256 * 1024;

    private final ConvSpec spec;
    private final Workers workers;
    private final int channels;
    private final int count;
    private final int taps;
    private final DepthwiseTaps kernel;
    private final int bands;
    private final int bandRows;
    private final int chunks;
    private final int sumFloats;
    private final long srcRow;
    private final Task chunk = this::chunk;
    private final Task sum = this::sum;
    private final int scratchSlot;

    SimdDepthwiseWeights(ConvSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.channels = spec.ic();
        this.count = spec.kh() * spec.kw();
        this.taps = count + (spec.bias() ? 1 : 0);
        this.srcRow = 4L * spec.w() * channels;
        long rowBytes = Math.max(1, spec.sh() * srcRow + 4L * spec.ow() * channels);
        int rows = Math.clamp(BAND_BYTES / rowBytes, 4, Math.max(4, spec.oh()));
        this.bands = Math.ceilDiv(Math.max(1, spec.oh()), rows);
        this.bandRows = Math.ceilDiv(Math.max(1, spec.oh()), bands);
        this.sumFloats = Math.ceilDiv(channels, Lanes.COUNT) * taps * Lanes.COUNT;
        this.chunks =
                Math.clamp(CHUNK_MEMORY / (4L * sumFloats), 2, Math.clamp((long) spec.n() * bands, 2, MAX_CHUNKS));
        long pixel = 4L * channels;
        this.kernel = new DepthwiseTaps(
                channels,
                spec.sw() * pixel,
                spec.sh() * srcRow,
                pixel,
                spec.ow() * pixel,
                spec.dw() * pixel,
                spec.dh() * srcRow,
                taps * Lanes.BYTES,
                spec.kw());
        this.scratchSlot = spec.bias() ? 4 : 3;
    }

    @Override
    public String implementation() {
        return "simd:depthwise weights " + F.vectorBitSize() + " bit";
    }

    @Override
    public long scratchBytes() {
        return 4L * sumFloats * chunks + workers.threads() * workerBytes();
    }

    /** Sums of a worker's own, and a place for what {@link Pack#fetch} returns. */
    private long workerBytes() {
        return 4L * sumFloats + 64;
    }

    @Override
    public void execute(long[] frame) {
        workers.runApart(chunks, chunk, frame);
        workers.runApart(Math.ceilDiv(channels, SUM_CHANNELS), sum, frame);
    }

    /** Sums its share of the bands, from zero. */
    private void chunk(long[] frame, int index, int worker) {
        long sums = frame[scratchSlot] + 4L * index * sumFloats;
        long own = frame[scratchSlot] + 4L * sumFloats * chunks + worker * workerBytes();
        long pieces = (long) spec.n() * bands;
        Pack.zero(sums, sumFloats);
        int end = (int) (pieces * (index + 1) / chunks);
        int pixels = 0;
        for (int piece = (int) (pieces * index / chunks); piece < end; piece++) {
            int row = piece % bands * bandRows;
            int rows = Math.min(bandRows, spec.oh() - row);
            if (rows > 0 && spec.ow() > 0) {
                if (pixels == 0) {
                    Pack.zero(own, sumFloats);
                }
                band(frame, piece / bands, row, rows, own);
                pixels += rows * spec.ow();
                if (pixels >= CHAIN_PIXELS) {
                    add(sums, own, sumFloats);
                    pixels = 0;
                }
            }
        }
        if (pixels > 0) {
            add(sums, own, sumFloats);
        }
    }

    /** Adds some rows of one image. */
    private void band(long[] frame, int image, int row, int rows, long sums) {
        long src = frame[0] + 4L * image * spec.h() * spec.w() * channels;
        long dst = frame[1] + 4L * image * spec.oh() * spec.ow() * channels;
        int first = Math.clamp((long) row * spec.sh() - spec.ph(), 0, spec.h());
        int end = Math.clamp((row + rows - 1L) * spec.sh() - spec.ph() + (spec.kh() - 1L) * spec.dh() + 1, 0, spec.h());
        long any = Pack.fetch(src + first * srcRow, Math.max(0, end - first) * srcRow);
        any |= Pack.fetch(dst + row * kernel.dstRow(), rows * kernel.dstRow());
        Raw.i64(sums, sumFloats / 2, any);
        for (int i = 0; i < spec.kh(); i += 3) {
            for (int j = 0; j < spec.kw(); j += 3) {
                square(src, dst, row, row + rows, i, j, sums);
            }
        }
        if (spec.bias()) {
            kernel.bias(dst + row * kernel.dstRow(), rows, spec.ow(), sums + (taps - 1) * Lanes.BYTES);
        }
    }

    /** The taps from (i, j) to (i + 2, j + 2): nine where all of them see the image, three or one along the borders. */
    private void square(long src, long dst, int row, int rowEnd, int i, int j, long sums) {
        int iLast = Math.min(spec.kh(), i + 3) - 1;
        int jLast = Math.min(spec.kw(), j + 3) - 1;
        int y = Math.clamp(firstRow(i), row, rowEnd);
        int yEnd = Math.clamp(endRow(iLast), y, rowEnd);
        int x = Math.clamp(firstCol(j), 0, spec.ow());
        int xEnd = Math.clamp(endCol(jLast), x, spec.ow());
        if (iLast < i + 2 || jLast < j + 2 || y == yEnd || x == xEnd) {
            yEnd = y;
            xEnd = x;
        } else {
            kernel.nine(src(src, i, j, y, x), dst(dst, y, x), yEnd - y, xEnd - x, sums(sums, i, j));
            for (int b = j; b <= jLast; b++) {
                column(src, dst, i, b, y, yEnd, left(b), x, sums);
                column(src, dst, i, b, y, yEnd, xEnd, right(b), sums);
            }
        }
        for (int a = i; a <= iLast; a++) {
            int top = Math.clamp(firstRow(a), row, rowEnd);
            int bottom = Math.clamp(endRow(a), top, rowEnd);
            row(src, dst, a, j, jLast, top, y, x, xEnd, sums);
            row(src, dst, a, j, jLast, yEnd, bottom, x, xEnd, sums);
        }
    }

    private int left(int j) {
        return Math.clamp(firstCol(j), 0, spec.ow());
    }

    private int right(int j) {
        return Math.clamp(endCol(j), left(j), spec.ow());
    }

    /** The taps (i, j), (i + 1, j) and (i + 2, j). */
    private void column(long src, long dst, int i, int j, int y, int yEnd, int x, int xEnd, long sums) {
        if (y < yEnd && x < xEnd) {
            long from = src(src, i, j, y, x);
            long step = spec.kw() * Lanes.BYTES;
            kernel.three(from, dst(dst, y, x), yEnd - y, xEnd - x, kernel.tapRow(), sums(sums, i, j), step);
        }
    }

    /** The taps (i, j) to (i, jLast): together from column x to xEnd, if there are such, and one by one beside them. */
    private void row(long src, long dst, int i, int j, int jLast, int y, int yEnd, int x, int xEnd, long sums) {
        if (y >= yEnd) {
            return;
        }
        if (x < xEnd) {
            long from = src(src, i, j, y, x);
            kernel.three(from, dst(dst, y, x), yEnd - y, xEnd - x, kernel.tapStep(), sums(sums, i, j), Lanes.BYTES);
        }
        for (int b = j; b <= jLast; b++) {
            one(src, dst, i, b, y, yEnd, left(b), x < xEnd ? x : right(b), sums);
            one(src, dst, i, b, y, yEnd, x < xEnd ? xEnd : right(b), right(b), sums);
        }
    }

    private void one(long src, long dst, int i, int j, int y, int yEnd, int x, int xEnd, long sums) {
        if (x < xEnd) {
            kernel.one(src(src, i, j, y, x), dst(dst, y, x), yEnd - y, xEnd - x, sums(sums, i, j));
        }
    }

    /** The first output row whose tap (i, ·) lies in the image, or below. */
    private long firstRow(int i) {
        return Math.ceilDiv(spec.ph() - (long) i * spec.dh(), spec.sh());
    }

    /** The first output row whose tap (i, ·) lies behind the image. */
    private long endRow(int i) {
        return Math.ceilDiv(spec.h() + spec.ph() - (long) i * spec.dh(), spec.sh());
    }

    private long firstCol(int j) {
        return Math.ceilDiv(spec.pw() - (long) j * spec.dw(), spec.sw());
    }

    private long endCol(int j) {
        return Math.ceilDiv(spec.w() + spec.pw() - (long) j * spec.dw(), spec.sw());
    }

    /** What output (y, x) of an image sees through tap (i, j). */
    private long src(long image, int i, int j, int y, int x) {
        long row = (long) y * spec.sh() + (long) i * spec.dh() - spec.ph();
        long col = (long) x * spec.sw() + (long) j * spec.dw() - spec.pw();
        return image + row * srcRow + col * 4 * channels;
    }

    private long dst(long image, int y, int x) {
        return image + y * kernel.dstRow() + x * kernel.dstStep();
    }

    private long sums(long sums, int i, int j) {
        return sums + (i * spec.kw() + j) * Lanes.BYTES;
    }

    private static void add(long total, long more, long floats) {
        for (long i = 0; i < 4L * floats; i += Lanes.BYTES) {
            fromMemorySegment(F, MEMORY, total + i, ORDER)
                    .add(fromMemorySegment(F, MEMORY, more + i, ORDER))
                    .intoMemorySegment(MEMORY, total + i, ORDER);
        }
    }

    /** Adds the chunks of some channels, and turns [vector of channels, tap, lane] into [channel, tap]. */
    private void sum(long[] frame, int piece, int worker) {
        int from = piece * SUM_CHANNELS;
        int end = Math.min(channels, from + SUM_CHANNELS);
        long total = frame[scratchSlot] + 4L * from * taps;
        long floats = (long) Math.ceilDiv(end - from, Lanes.COUNT) * Lanes.COUNT * taps;
        for (int c = 1; c < chunks; c++) {
            add(total, total + 4L * c * sumFloats, floats);
        }
        for (int c = from; c < end; c += Lanes.COUNT) {
            int first = DepthwiseColumns.first(c, channels);
            long sums = frame[scratchSlot] + 4L * c * taps;
            for (int lane = 0; lane < Lanes.COUNT; lane++) {
                long to = frame[2] + 4L * (first + lane) * count;
                for (int t = 0; t < count; t++) {
                    Raw.f32(to, t, Raw.f32(sums, (long) t * Lanes.COUNT + lane));
                }
            }
            if (spec.bias()) {
                Pack.move(sums + count * Lanes.BYTES, frame[3] + 4L * first, Lanes.COUNT);
            }
        }
    }
}
