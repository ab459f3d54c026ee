package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.GemmPieces.Piece;
import io.gatun.simd.Micro.Strides;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Products of many rows with a B that is worth packing or small: pieces of C (shared by the pool) - blocks of k - rows of tiles -
 * panels. Each piece packs its own columns of B into its thread's scratch memory, see {@link GemmPieces}, the first row
 * of tiles while it multiplies. A is read where it lies.
 *
 * <p>An element of C is one chain of fma over each block of k, and these sums are added in order: nothing depends on
 * tiles, pieces, threads or the vector width, so neither do the bits.
 */
final class GemmPanels implements Kernel {
    private static final int A_SLOT = 0;
    private static final int B_SLOT = 1;
    private static final int BIAS_SLOT = 2;

    private static final int HEIGHT = PanelTile8x2.ROWS;
    private static final long TILE_ROW = PanelTile8x2.ROW_BYTES;
    private static final int WIDTH = PanelTile8x2.VECTORS * Lanes.COUNT;

    /** B up to this size is read where it lies: 32 KB stay in L1. */
    private static final long SMALL_B = 32 * 1024;

    /** Rows that pay for packing B. */
    private static final int FEWEST_ROWS = 48;

    /**
     * Rows for each column above which {@link SimdGemm} is faster: A and C come from memory then, and its order keeps a panel
     * in L1 for many rows, where here B is read from L2 at the same time (50,176 x 256 x 64: 0.73 of the peak for 0.67).
     */
    private static final int TALL = 4;

    /** The longs from which pieces are claimed, a line for each end. */
    private static final VarHandle CLAIM = ValueLayout.JAVA_LONG.varHandle();

    private static final int BACK = 8;
    private static final long CLAIM_BYTES = 128;

    private final GemmSpec spec;
    private final Workers workers;
    private final Tiles tiles = Tiles.HERE;
    private final GemmPieces pieces;
    private final TileWriter writer;
    private final Strides[] strides;
    private final Strides[] copied;
    private final Micro oddMicro;
    private final Strides[] oddStrides;
    private final Strides[] oddCopied;
    private final long packedFloats;
    private final long copyRow;
    private final Task task = this::piece;

    // Behind the bias, if there is one.
    private final int cSlot;
    private final int scratchSlot;

    GemmPanels(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.pieces = new GemmPieces(spec, tiles, workers.threads());
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.cSlot = spec.bias() ? BIAS_SLOT + 1 : BIAS_SLOT;
        this.scratchSlot = cSlot + 1;
        this.packedFloats = (long) pieces.kPerBlock * pieces.mostColumns();
        // An odd number of lines: rows of the copy are in different sets of the caches.
        this.copyRow = 64L * (Math.ceilDiv(pieces.kPerBlock, 16) | 1);
        long bStep = pieces.inPlace ? 4L * spec.ldb() : TILE_ROW;
        this.strides = strides(4L * spec.lda(), bStep);
        this.copied = strides(copyRow, bStep);
        this.oddMicro = tiles.micro(pieces.panels.vectors(pieces.panels.count() - 1));
        this.oddStrides = strides(4L * spec.lda(), 4L * oddMicro.width());
        this.oddCopied = strides(copyRow, 4L * oddMicro.width());
    }

    /** The walk of each block of k. */
    private Strides[] strides(long aRow, long bStep) {
        Strides[] all = new Strides[pieces.kBlocks];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Strides(aRow, 4, bStep, pieces.steps(i), 1, Tiles.NO_OFFSET);
        }
        return all;
    }

    static boolean suits(GemmSpec spec) {
        return Lanes.REGISTERS == 32
                && !spec.transA()
                && 4L * spec.lda() <= Micro.STEP
                && spec.batch() > 0
                && spec.m() > FEWEST_ROWS
                && spec.m() / TALL <= spec.n()
                && spec.n() >= WIDTH
                && spec.k() > 0
                && (spec.transB() || 4L * spec.k() * spec.n() > SMALL_B);
    }

    @Override
    public String implementation() {
        return "simd:gemm panels " + HEIGHT + "x" + WIDTH + " " + tiles.name();
    }

    @Override
    public long scratchBytes() {
        return CLAIM_BYTES + workers.threads() * workerBytes();
    }

    /** A tile, what is packed of B, and a copy of the last rows of A. */
    private long workerBytes() {
        return 4 * (Tiles.LARGEST + packedFloats) + Tiles.TALLEST * copyRow;
    }

    @Override
    public void execute(long[] frame) {
        long claims = frame[scratchSlot];
        int count = spec.batch() * pieces.pieces.size();
        Raw.i64(claims, 0, 0);
        Raw.i64(claims, BACK, count);
        workers.run(count, task, frame);
    }

    /** The pool says how many pieces, and this which: the next from the front or from the back. */
    private static int claim(long claims, int worker) {
        return (worker & 1) == 0
                ? (int) (long) CLAIM.getAndAdd(Raw.MEMORY, claims, 1L)
                : (int) (long) CLAIM.getAndAdd(Raw.MEMORY, claims + 8 * BACK, -1L) - 1;
    }

    private void piece(long[] frame, int index, int worker) {
        int claimed = claim(frame[scratchSlot], worker);
        int matrix = claimed / pieces.pieces.size();
        Piece piece = pieces.pieces.get(claimed % pieces.pieces.size());
        int row = piece.row();
        int rows = piece.rows();
        int from = piece.panel();
        int to = from + piece.panels();
        boolean odd = pieces.odd && to == pieces.panels.count();
        for (int block = 0; block < pieces.kBlocks; block++) {
            whole(frame, worker, matrix, block, row, rows, from, odd ? to - 1 : to);
            if (odd) {
                odd(frame, worker, matrix, block, row, rows, from, to - 1);
            }
        }
    }

    private long a(long[] frame, int matrix, int block, int row) {
        return frame[A_SLOT]
                + 4 * (matrix * spec.strideA() + (long) row * spec.lda() + (long) block * pieces.kPerBlock);
    }

    private long b(long[] frame, int matrix, int block, int panel) {
        long k = (long) block * pieces.kPerBlock;
        long column = pieces.panels.column(panel);
        long at = spec.transB() ? column * spec.ldb() + k : k * spec.ldb() + column;
        return frame[B_SLOT] + 4 * (matrix * spec.strideB() + at);
    }

    private long c(long[] frame, int matrix, int row, int panel) {
        long at = matrix * spec.strideC() + (long) row * spec.ldc() + pieces.panels.column(panel);
        return frame[cSlot] + 4 * at;
    }

    private long bias(long[] frame, int panel) {
        return spec.bias() ? frame[BIAS_SLOT] + 4L * pieces.panels.column(panel) : 0;
    }

    private long tile(long[] frame, int worker) {
        return frame[scratchSlot] + CLAIM_BYTES + worker * workerBytes();
    }

    private long copy(long[] frame, int worker) {
        return tile(frame, worker) + 4 * (Tiles.LARGEST + packedFloats);
    }

    /** The bias of panel p. */
    private static long at(long bias, int p) {
        return bias == 0 ? 0 : bias + p * TILE_ROW;
    }

    private void pack(long from, int block, int columns, int width, long to) {
        if (spec.transB()) {
            Pack.columns(from, 4L * spec.ldb(), pieces.steps(block), columns, width, to);
        } else {
            Pack.rows(from, 4L * spec.ldb(), pieces.steps(block), columns, width, to);
        }
    }

    /** Adds the product over one block of k to panels of two whole vectors. */
    private void whole(long[] frame, int worker, int matrix, int block, int row, int rows, int from, int to) {
        long source = b(frame, matrix, block, from);
        long tile = tile(frame, worker);
        long packed = pieces.inPlace ? source : tile + 4L * Tiles.LARGEST;
        long panelBytes = panelBytes(block);
        int panels = to - from;
        long a = a(frame, matrix, block, row);
        long c = c(frame, matrix, row, from);
        long bias = bias(frame, from);
        int r = 0;
        if (!pieces.inPlace && !spec.transB() && rows >= HEIGHT) {
            packing(block, a, source, packed, tile, c, bias, panels);
            r = HEIGHT;
        } else if (!pieces.inPlace) {
            for (int p = 0; p < panels; p++) {
                pack(b(frame, matrix, block, from + p), block, WIDTH, WIDTH, packed + p * panelBytes);
            }
        }
        for (; r + HEIGHT <= rows; r += HEIGHT) {
            tiles(block, a + 4L * r * spec.lda(), packed, tile, c + 4L * r * spec.ldc(), bias, panels);
        }
        if (r < rows) {
            long copy = copy(frame, worker);
            int left = rows - r;
            Pack.block(a + 4L * r * spec.lda(), 4L * spec.lda(), left, pieces.steps(block), copy, copyRow);
            Micro micro = left <= tiles.few().rows ? tiles.few() : tiles.micro(PanelTile8x2.VECTORS);
            for (int p = 0; p < panels; p++) {
                micro.run(copied[block], copy, packed + p * panelBytes, tile, TILE_ROW);
                write(block, tile, TILE_ROW, c + 4L * r * spec.ldc() + p * TILE_ROW, left, WIDTH, at(bias, p));
            }
        }
    }

    /** From one panel to the next. */
    private long panelBytes(int block) {
        return pieces.inPlace ? TILE_ROW : TILE_ROW * pieces.steps(block);
    }

    /** The first row of tiles, which packs the panels. */
    private void packing(int block, long a, long b, long packed, long tile, long c, long bias, int panels) {
        Strides s = strides[block];
        long bRow = 4L * spec.ldb();
        long cRow = 4L * spec.ldc();
        boolean direct = block == 0 && writer.plain() && bias == 0;
        for (int p = 0; p < panels; p++, b += TILE_ROW, c += TILE_ROW, packed += TILE_ROW * s.steps()) {
            if (direct) {
                PackTile8x2.run(s, a, b, bRow, packed, c, cRow);
            } else {
                PackTile8x2.run(s, a, b, bRow, packed, tile, TILE_ROW);
                write(block, tile, TILE_ROW, c, HEIGHT, WIDTH, at(bias, p));
            }
        }
    }

    /** A row of tiles. */
    private void tiles(int block, long a, long packed, long tile, long c, long bias, int panels) {
        Strides s = strides[block];
        long cRow = 4L * spec.ldc();
        long panelBytes = panelBytes(block);
        boolean first = block == 0;
        boolean last = block == pieces.kBlocks - 1;
        boolean activates = last && spec.activation().kind() != Activation.Kind.IDENTITY;
        if (spec.alpha() != 1 || first && spec.beta() != 0 || last && bias != 0 && !(first && last)) {
            for (int p = 0; p < panels; p++) {
                PanelTile8x2.run(s, a, packed + p * panelBytes, PanelTile8x2.NOTHING, 0, tile, TILE_ROW);
                write(block, tile, TILE_ROW, c + p * TILE_ROW, HEIGHT, WIDTH, at(bias, p));
            }
            return;
        }
        long base = !first ? c : last && bias != 0 ? bias : PanelTile8x2.NOTHING;
        long baseRow = first ? 0 : cRow;
        long basePanel = base == PanelTile8x2.NOTHING ? 0 : TILE_ROW;
        for (int p = 0; p < panels; p++, base += basePanel) {
            PanelTile8x2.run(s, a, packed + p * panelBytes, base, baseRow, c + p * TILE_ROW, cRow);
        }
        if (activates) {
            writer.activate(c, cRow, HEIGHT, panels * WIDTH, tile);
        }
    }

    /** Adds the product over one block of k to the last panel, if it is not two whole vectors. */
    private void odd(long[] frame, int worker, int matrix, int block, int row, int rows, int from, int panel) {
        int columns = pieces.panels.columns(panel);
        long tile = tile(frame, worker);
        long packed = tile + 4L * Tiles.LARGEST + TILE_ROW * pieces.steps(block) * (panel - from);
        pack(b(frame, matrix, block, panel), block, columns, oddMicro.width(), packed);
        long a = a(frame, matrix, block, row);
        long c = c(frame, matrix, row, panel);
        long bias = bias(frame, panel);
        int height = oddMicro.rows;
        long tileRow = 4L * oddMicro.width();
        for (int r = 0; r < rows; r += height) {
            long at = a + 4L * r * spec.lda();
            int count = Math.min(height, rows - r);
            if (count == height) {
                oddMicro.run(oddStrides[block], at, packed, tile, tileRow);
            } else {
                long copy = copy(frame, worker);
                Pack.block(at, 4L * spec.lda(), count, pieces.steps(block), copy, copyRow);
                oddMicro.run(oddCopied[block], copy, packed, tile, tileRow);
            }
            write(block, tile, tileRow, c + 4L * r * spec.ldc(), count, columns, bias);
        }
    }

    /** Writes a tile by the rules of {@link TileWriter}. */
    private void write(int block, long tile, long tileRow, long c, int rows, int columns, long bias) {
        boolean last = block == pieces.kBlocks - 1;
        writer.write(tile, tileRow, c, 4L * spec.ldc(), rows, columns, bias, block == 0, last);
    }
}
