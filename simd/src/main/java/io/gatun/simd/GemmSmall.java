package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.SmallTile.Walk;
import io.gatun.spec.GemmSpec;

/**
 * Products whose operands fit the first caches, one or a batch of them. 64 cubed is 48 KB and 0.52 MFLOP, 1.96 us at what
 * a Zen 5 core reaches in multiply-adds: nothing else may take long. So there is no phase of packing before that of
 * multiplying, with the threads waiting for each other in between: a piece is whole problems, or some rows of one, and
 * B is read where it lies, or packed by the thread that multiplies with it.
 *
 * <p>Tiles at the right and the lower edge begin early enough to be whole, and compute some elements a second time. An
 * element of C is one chain of fma over k, so these get the same bits, as with other pieces, tiles and vector widths.
 */
final class GemmSmall implements Kernel {
    /** k at most: {@link SimdGemm} has one block of it then too, and the bits are the same on both ways. */
    private static final int MOST_K = 384;

    /** Rows at least, and of a piece: those of the highest tile. */
    private static final int FEWEST_ROWS = 8;

    /** Multiply-adds of one problem at most. */
    private static final long MOST_WORK = 128 * 128 * 128;

    /** Floating-point operations of a piece, about 4 us; but two pieces from where each is 1 us. */
    private static final double PIECE_FLOPS = 1e6;

    private static final double HALVED_FLOPS = 5e5;
    private static final int MOST_PIECES = 32;

    /** Floating-point operations for which it pays to wake a thread that sleeps: 16 us. */
    private static final double WAKING_FLOPS = 4e6;

    /** So many products in a row that would have liked a second thread wake one: microseconds, and 0.7 saved by each. */
    private static final int PATIENCE = 64;

    /** Rows of sums that wait for the epilogue: 8 KB of 64 columns. */
    private static final int CHUNK = 32;

    /**
     * Bytes from the first to the last row of B from which the rows compete for places in 48 KB of L1: packing them pays
     * where 64 rows are 3 or 4 KB apart (1.07 and 1.18 times as fast), and costs a fifth where 128 rows are 512 bytes apart.
     */
    private static final long FAR = 80 * 1024;

    /** Tiles of 2, 3 and 4 vectors. */
    private static final SmallTile[] TILES = {new SmallTile8x2(), new SmallTile4x3(), new SmallTile4x4()};

    private static final int NARROWEST = 2;
    private static final int WIDEST = 4;

    private final GemmSpec spec;
    private final Workers workers;
    private final TileWriter writer;
    private final boolean direct;
    private final boolean packs;
    private final SmallTile[] panels;
    private final Walk[] walks;
    private final int[] columns;
    private final int rowPieces;
    private final int pieces;
    private final boolean wakes;
    private final int cSlot;
    private final long turningBytes;
    private final long packedBytes;
    private final Task task = this::piece;

    /** Products in a row that found the others asleep. Not exact where many threads run this plan, nor need it be. */
    private int alone;

    GemmSmall(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.direct = writer.plain() && !spec.bias();
        this.packs = spec.transB() || 4L * spec.ldb() * spec.k() > FAR && spec.m() > FEWEST_ROWS;
        this.panels = panels(spec.n());
        this.columns = new int[panels.length];
        this.walks = new Walk[panels.length];
        for (int p = 0; p < panels.length; p++) {
            int width = panels[p].width();
            columns[p] = Math.min(p == 0 ? 0 : columns[p - 1] + panels[p - 1].width(), spec.n() - width);
            walks[p] = new Walk(
                    spec.transA() ? 4 : 4L * spec.lda(),
                    spec.transA() ? 4L * spec.lda() : 4,
                    packs ? 4L * width : 4L * spec.ldb(),
                    direct ? 4L * spec.ldc() : 4L * width,
                    spec.k());
        }
        double flops = spec.flops();
        int wanted = flops < HALVED_FLOPS ? 1 : (int) Math.clamp(flops / PIECE_FLOPS, 2, MOST_PIECES);
        this.rowPieces = Math.clamp(Math.ceilDiv(wanted, spec.batch()), 1, spec.m() / FEWEST_ROWS);
        this.pieces = Math.min(wanted, spec.batch() * rowPieces);
        this.wakes = flops >= WAKING_FLOPS;
        this.cSlot = spec.bias() ? 3 : 2;
        this.turningBytes = spec.transB() ? SmallPack.scratchBytes(WIDEST) : 0;
        this.packedBytes = (packs ? 4L * spec.k() * WIDEST * Lanes.COUNT : 0) + turningBytes;
    }

    /** Not where C2 has 16 registers, which the tiles do not fit. */
    static boolean suits(GemmSpec spec) {
        long work = (long) spec.m() * spec.n() * spec.k();
        return Lanes.REGISTERS == 32
                && spec.batch() > 0
                && spec.m() >= FEWEST_ROWS
                && spec.n() >= NARROWEST * Lanes.COUNT
                && spec.k() >= 1
                && spec.k() <= MOST_K
                && work <= MOST_WORK;
    }

    /** Tiles of four vectors, the last of two to four, or of three and two. None is wider than C. */
    private static SmallTile[] panels(int columns) {
        int left = Math.ceilDiv(columns, Lanes.COUNT);
        if (left <= WIDEST && left * Lanes.COUNT > columns) {
            return new SmallTile[] {TILES[0], TILES[0]};
        }
        SmallTile[] panels = new SmallTile[Math.ceilDiv(left, WIDEST)];
        for (int p = 0; p < panels.length; p++) {
            int width = left == WIDEST + 1 ? WIDEST - 1 : Math.min(WIDEST, left);
            panels[p] = TILES[width - NARROWEST];
            left -= width;
        }
        return panels;
    }

    @Override
    public String implementation() {
        SmallTile main = panels[0];
        return "simd:gemm small " + main.rows + "x" + main.width() + " " + Lanes.F.vectorBitSize() + " bit";
    }

    /** Each worker: a packed panel and rows of sums, as far as they are needed. */
    @Override
    public long scratchBytes() {
        return workers.threads() * workerBytes();
    }

    private long workerBytes() {
        return packedBytes + (direct ? 0 : 4L * (CHUNK + FEWEST_ROWS) * WIDEST * Lanes.COUNT);
    }

    @Override
    public void execute(long[] frame) {
        if (pieces > 1 && (wakes || company())) {
            workers.run(pieces, task, frame);
            return;
        }
        for (int i = 0; i < pieces; i++) {
            piece(frame, i, 0);
        }
    }

    /** Whether another thread is there to help, or ought to be woken. */
    private boolean company() {
        if (workers.awake() || ++alone >= PATIENCE) {
            alone = 0;
            return true;
        }
        return false;
    }

    /** Some problems, or some rows of one. */
    private void piece(long[] frame, int piece, int worker) {
        long parts = (long) spec.batch() * rowPieces;
        long own = frame[cSlot + 1] + worker * workerBytes();
        for (int part = (int) (parts * piece / pieces); part < parts * (piece + 1) / pieces; part++) {
            int problem = part / rowPieces;
            int from = row(part % rowPieces);
            rows(frame, problem, from, row(part % rowPieces + 1) - from, own);
        }
    }

    private int row(int rowPiece) {
        return rowPiece == rowPieces ? spec.m() : spec.m() / FEWEST_ROWS * rowPiece / rowPieces * FEWEST_ROWS;
    }

    private void rows(long[] frame, int problem, int row, int rows, long own) {
        long cRow = 4L * spec.ldc();
        for (int p = 0; p < panels.length; p++) {
            Walk walk = walks[p];
            int column = columns[p];
            long a = frame[0] + 4 * problem * spec.strideA() + row * walk.aRow();
            long b = frame[1] + 4 * problem * spec.strideB() + (spec.transB() ? 4L * column * spec.ldb() : 4L * column);
            if (packs) {
                pack(b, panels[p].width(), own);
                b = own;
            }
            long c = frame[cSlot] + 4 * problem * spec.strideC() + row * cRow;
            if (direct) {
                direct(panels[p], walk, a, b, c + 4L * column, rows);
            } else {
                int known = p == 0 ? 0 : columns[p - 1] + panels[p - 1].width() - column;
                long bias = spec.bias() ? frame[2] + 4L * (column + known) : 0;
                written(panels[p], walk, a, b, c + 4L * (column + known), rows, known, bias, own + packedBytes);
            }
        }
    }

    private void pack(long b, int width, long own) {
        long row = 4L * spec.ldb();
        if (spec.transB()) {
            SmallPack.columns(b, row, spec.k(), width, own, own + packedBytes - turningBytes);
        } else {
            SmallPack.rows(b, row, spec.k(), width, own);
        }
    }

    private static void direct(SmallTile tile, Walk walk, long a, long b, long c, int rows) {
        tile.run(walk, a, b, c, rows / tile.rows);
        if (rows % tile.rows > 0) {
            int last = rows - tile.rows;
            tile.run(walk, a + last * walk.aRow(), b, c + last * walk.cRow(), 1);
        }
    }

    /** Sums, some rows at a time, and then C from them; the {@code known} first columns have been written before. */
    private void written(SmallTile tile, Walk walk, long a, long b, long c, int rows, int known, long bias, long sums) {
        long cRow = 4L * spec.ldc();
        int columnsLeft = tile.width() - known;
        for (int from = 0; from < rows; from += CHUNK) {
            int count = Math.min(CHUNK, rows - from);
            int whole = count / tile.rows * tile.rows;
            tile.run(walk, a + from * walk.aRow(), b, sums, whole / tile.rows);
            writer.write(sums + 4L * known, walk.cRow(), c + from * cRow, cRow, whole, columnsLeft, bias, true, true);
            if (whole < count) {
                int start = from + count - tile.rows;
                tile.run(walk, a + start * walk.aRow(), b, sums, 1);
                long rest = sums + (tile.rows - (count - whole)) * walk.cRow() + 4L * known;
                long to = c + (from + whole) * cRow;
                writer.write(rest, walk.cRow(), to, cRow, count - whole, columnsLeft, bias, true, true);
            }
        }
    }
}
