package io.gatun.simd;

import static io.gatun.simd.Lanes.load;
import static io.gatun.simd.Lanes.splat;
import static io.gatun.simd.Lanes.store;

import io.gatun.memory.Raw;
import io.gatun.parallel.Workers;
import io.gatun.spec.PoolSpec;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Average pooling backward by gathering: each input element adds up its shares of the windows over it, in their order, so
 * that the bits do not depend on threads and nothing is written twice. 4 B written an input element, 4 B read an output
 * element, once from memory.
 */
final class PoolAverageBackward extends SimdPool {
    private final RowLoop copies = new RowLoop(MethodHandles.lookup(), this, "copies");
    private final boolean tiled;

    PoolAverageBackward(PoolSpec spec, Workers workers) {
        super(MethodHandles.lookup(), spec, workers);
        this.tiled = tiled(spec);
    }

    @Override
    public String implementation() {
        return "simd:pool average backward";
    }

    @Override
    boolean byWindows() {
        return tiled(spec);
    }

    @Override
    void row(long[] frame, long n, int y) {
        long diffDst = frame[0] + n * dstImage();
        long line = spec.w() * (c * 4L);
        if (!tiled) {
            loops(diffDst, frame[1] + n * srcImage() + y * line, 0, y);
            return;
        }
        long to = frame[1] + n * srcImage() + y * spec.kh() * line;
        if (inVectors > 0) {
            copies.run(diffDst, to, 0, y);
        }
        for (int row = 0; row < spec.kh() && inVectors < c; row++) {
            rest(diffDst, to + row * line, 0, y * spec.kh() + row);
        }
    }

    /**
     * Each window's share goes to all its pixels and to no other's: written in their order, from a pixel of diffDst in L1.
     * The cells of one window over the whole image are a row.
     */
    private void copies(long diffDst, long diffSrc, long unused, int y) {
        long pixel = c * 4L;
        long run = inVectors * 4L;
        long step = vectorBytes;
        int rows = ow == 1 ? 1 : spec.kh();
        long across = spec.kw() * pixel * (spec.kh() / rows);
        FloatVector high = splat(windows.high(y, 0));
        FloatVector low = splat(windows.low(y, 0));
        long to = diffSrc;
        for (int row = 0; row < rows; row++) {
            long window = diffDst + y * (ow * pixel);
            for (int x = 0; x < ow; x++, window += pixel) {
                for (long end = to + across; to < end; to += pixel - run) {
                    long from = window;
                    for (long stop = to + run; to < stop; to += step, from += step) {
                        FloatVector g = load(from);
                        g.fma(high, g.mul(low)).add(0f).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
                    }
                }
            }
        }
    }

    private void strips(long diffDst, long diffSrc, long unused, int y) {
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        long pixel = c * 4L;
        for (int x = 0; x < spec.w(); x++) {
            int firstCol = windows.firstCol(x);
            int endCol = windows.endCol(x);
            long to = diffSrc + x * pixel;
            long from = diffDst;
            for (long end = to + inStrips * 4L; to < end; to += stripBytes, from += stripBytes) {
                strip(from, to, firstRow, endRow, firstCol, endCol);
            }
        }
    }

    private void strip(long from, long to, int firstRow, int endRow, int firstCol, int endCol) {
        FloatVector s0 = splat(0f);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int row = firstRow; row < endRow; row++) {
            long at = from + ((long) row * ow + firstCol) * c * 4;
            for (int col = firstCol; col < endCol; col++, at += c * 4L) {
                FloatVector high = splat(windows.high(row, col));
                FloatVector low = splat(windows.low(row, col));
                FloatVector g0 = load(at);
                FloatVector g1 = load(at + Lanes.BYTES);
                FloatVector g2 = load(at + 2 * Lanes.BYTES);
                FloatVector g3 = load(at + 3 * Lanes.BYTES);
                s0 = s0.add(g0.fma(high, g0.mul(low)));
                s1 = s1.add(g1.fma(high, g1.mul(low)));
                s2 = s2.add(g2.fma(high, g2.mul(low)));
                s3 = s3.add(g3.fma(high, g3.mul(low)));
            }
        }
        store(to, s0);
        store(to + Lanes.BYTES, s1);
        store(to + 2 * Lanes.BYTES, s2);
        store(to + 3 * Lanes.BYTES, s3);
    }

    private void vectors(long diffDst, long diffSrc, long unused, int y) {
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        long pixel = c * 4L;
        for (int x = 0; x < spec.w(); x++) {
            int firstCol = windows.firstCol(x);
            int endCol = windows.endCol(x);
            long to = diffSrc + x * pixel + inStrips * 4L;
            long from = diffDst + inStrips * 4L;
            for (long end = diffSrc + x * pixel + inVectors * 4L; to < end; to += vectorBytes, from += vectorBytes) {
                FloatVector sum = splat(0f);
                for (int row = firstRow; row < endRow; row++) {
                    long at = from + ((long) row * ow + firstCol) * pixel;
                    for (int col = firstCol; col < endCol; col++, at += pixel) {
                        FloatVector g = load(at);
                        sum = sum.add(g.fma(splat(windows.high(row, col)), g.mul(windows.low(row, col))));
                    }
                }
                store(to, sum);
            }
        }
    }

    private void remainder(long diffDst, long diffSrc, long unused, int y) {
        VectorMask<Float> there = Lanes.first(c - inVectors);
        int firstRow = windows.firstRow(y);
        int endRow = windows.endRow(y);
        for (int x = 0; x < spec.w(); x++) {
            int endCol = windows.endCol(x);
            FloatVector sum = splat(0f);
            for (int row = firstRow; row < endRow; row++) {
                for (int col = windows.firstCol(x); col < endCol; col++) {
                    FloatVector g = load(diffDst + ((long) (row * ow + col) * c + inVectors) * 4, there);
                    sum = sum.add(g.fma(splat(windows.high(row, col)), g.mul(windows.low(row, col))));
                }
            }
            store(diffSrc + ((long) x * c + inVectors) * 4, sum, there);
        }
    }
}
