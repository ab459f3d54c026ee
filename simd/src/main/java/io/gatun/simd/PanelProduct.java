package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;
import jdk.incubator.vector.FloatVector;

/**
 * Products of a few rows with one matrix of weights, which is packed once and used at every step of a sequence.
 *
 * <p>Panels are two vectors wide: 64 KB a block of k, which stays in L2 for all rows, and 8 rows a tile divide a batch of
 * 32 without a rest. At 32 x 2048 x 512 on two Zen 5 cores 130 us, where the panels of four vectors and tiles of 5 rows
 * that {@link SimdGemm} prefers take 174 (the weights come from L3 at every step, at 4 bytes a cycle).
 *
 * <p>An element of C is one chain of fma over each block of k, and these sums are added in order, so the bits depend
 * neither on tiles nor on the vector width. The caller shares the panels between threads.
 */
final class PanelProduct {
    /** k of a block at most. */
    private static final int MAX_K = 512;

    private static final Micro MICRO = Lanes.COUNT == 16 ? new StepTile8x2() : Tiles.HERE.micro(2);
    private static final int WIDTH = MICRO.width();
    private static final long TILE_ROW = 4L * WIDTH;

    private final int k;
    private final int n;
    private final boolean transB;
    private final boolean turned;
    private final int kPerBlock;
    private final Strides[] blocks;

    /** Columns of a strip of A in a product that is {@link #turned}: a cache line. */
    static final int STRIP = 16;

    /** A [rows, k] times B, which is stored as [n, k] if {@code transB}, else as [k, n]. */
    PanelProduct(int k, int n, boolean transB) {
        this(k, n, transB, false);
    }

    /** Aᵀ times B [k, n], where up to {@link #STRIP} columns of A are a strip [k, STRIP]. */
    static PanelProduct turned(int k, int n) {
        return new PanelProduct(k, n, false, true);
    }

    private PanelProduct(int k, int n, boolean transB, boolean turned) {
        this.k = k;
        this.n = n;
        this.transB = transB;
        this.turned = turned;
        this.kPerBlock = k == 0 ? 1 : Math.ceilDiv(k, Math.ceilDiv(k, MAX_K));
        this.blocks = new Strides[Math.ceilDiv(k, kPerBlock)];
        for (int i = 0; i < blocks.length; i++) {
            int steps = Math.min(kPerBlock, k - i * kPerBlock);
            blocks[i] = turned
                    ? new Strides(4, 4L * STRIP, TILE_ROW, steps, 1, Tiles.NO_OFFSET)
                    : new Strides(4L * k, 4, TILE_ROW, steps, 1, Tiles.NO_OFFSET);
        }
    }

    /** Multiply-adds of one row. */
    double work() {
        return (double) k * n;
    }

    int k() {
        return k;
    }

    int panels() {
        return Math.ceilDiv(n, WIDTH);
    }

    long packedBytes() {
        return 4L * k * panels() * WIDTH;
    }

    /** What each thread needs for itself: a tile, and rows to fill one up where there are not as many. */
    static long workerBytes(int rows, int largestK) {
        return 4L * MICRO.rows * WIDTH + (rows < MICRO.rows ? 4L * MICRO.rows * largestK : 0);
    }

    /** Packs one panel of B [k, n], of which the first rows lie at one place and the others at another. */
    void pack(long first, int firstRows, long rest, long packed, int panel) {
        int column = panel * WIDTH;
        int columns = Math.min(WIDTH, n - column);
        long to = packed + (long) panel * k * TILE_ROW;
        Pack.rows(first + 4L * column, 4L * n, firstRows, columns, WIDTH, to);
        Pack.rows(rest + 4L * column, 4L * n, k - firstRows, columns, WIDTH, to + firstRows * TILE_ROW);
    }

    void pack(long weights, long packed, int panel) {
        int column = panel * WIDTH;
        int columns = Math.min(WIDTH, n - column);
        long to = packed + (long) panel * k * TILE_ROW;
        if (transB) {
            Pack.columns(weights + 4L * column * k, 4L * k, k, columns, WIDTH, to);
        } else {
            Pack.rows(weights + 4L * column, 4L * n, k, columns, WIDTH, to);
        }
    }

    /**
     * Columns of the panels {@code from} to {@code to} of C [rows, n] = A·B + bias, or C += A·B.
     *
     * @param a rows next to each other, k floats each, or a strip
     * @param bias address of n floats, or 0 for none
     * @param adds whether to add to C, without a bias
     * @param own this thread's {@link #workerBytes}
     */
    void multiply(long a, int rows, long packed, int from, int to, long c, long bias, boolean adds, long own) {
        if (rows < MICRO.rows && !turned) {
            long filled = own + MICRO.rows * TILE_ROW;
            Pack.move(a, filled, rows * k);
            Pack.zero(filled + 4L * rows * k, (MICRO.rows - rows) * k);
            a = filled;
        }
        for (int panel = from; panel < to; panel++) {
            for (int i = 0; i < blocks.length; i++) {
                long first = (long) i * kPerBlock;
                long b = packed + (panel * (long) k + first) * TILE_ROW;
                block(blocks[i], a + first * blocks[i].aStep(), rows, b, panel, c, bias, adds || i > 0, own);
            }
        }
    }

    /** All rows; the last tile begins early enough to be whole, and writes only what is new. */
    private void block(
            Strides strides, long a, int rows, long b, int panel, long c, long bias, boolean adds, long own) {
        int columns = Math.min(WIDTH, n - panel * WIDTH);
        long cRow = 4L * n;
        long at = c + panel * TILE_ROW;
        long biasAt = bias == 0 ? 0 : bias + panel * TILE_ROW;
        boolean direct = !adds && bias == 0 && columns == WIDTH;
        for (int r = 0; r < rows; r += MICRO.rows) {
            int start = Math.max(0, Math.min(r, rows - MICRO.rows));
            long from = a + start * strides.aRow();
            if (direct && rows >= MICRO.rows) {
                MICRO.run(strides, from, b, at + start * cRow, cRow);
            } else {
                MICRO.run(strides, from, b, own, TILE_ROW);
                int count = Math.min(MICRO.rows, rows - r);
                write(own + (r - start) * TILE_ROW, at + r * cRow, cRow, count, columns, biasAt, adds);
            }
        }
    }

    private static void write(long tile, long c, long cRow, int rows, int columns, long bias, boolean adds) {
        for (int r = 0; r < rows; r++, tile += TILE_ROW, c += cRow) {
            if (adds) {
                sum(tile, c, c, columns);
            } else if (bias != 0) {
                sum(tile, bias, c, columns);
            } else {
                Pack.move(tile, c, columns);
            }
        }
    }

    private static void sum(long tile, long term, long to, int columns) {
        int i = 0;
        for (; i <= columns - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector v = load(tile + 4L * i);
            load(term + 4L * i).add(v).intoMemorySegment(Raw.MEMORY, to + 4L * i, Lanes.ORDER);
        }
        for (; i < columns; i++) {
            Raw.f32(to, i, Raw.f32(term, i) + Raw.f32(tile, i));
        }
    }
}
