package io.gatun.simd;

import io.gatun.simd.Micro.Strides;
import io.gatun.spec.GemmSpec;

/** How a GEMM of {@link SimdGemm} is cut: pieces for the pool, blocks of k, panels, what is copied, and where in the scratch memory. */
final class GemmBlocks {
    private static final int MAX_K = GemmPieces.MAX_K;

    /** Rows of a piece at most: its part of A, 384 KB, stays in L2 for all panels. Slabs of 32 rows and all columns were 3 to 5 % slower. */
    private static final int MAX_ROWS = 192;

    /** Floating-point operations worth a hand-over to another thread: about 8 us. */
    static final double PIECE_FLOPS = 2e6;

    /** Pieces beyond this only shorten the panels; so many that two threads end at the same time. */
    private static final int MAX_PIECES = 32;

    /** Rows of B that are packed at a time. */
    private static final int STRIPE = 32;

    /**
     * Reads of a transposed A that pay for its copy. Rows of A are read where they lie: a distance of 4 or 8 KB costs the
     * micro-kernel 2 % at most, and the copy 1 to 4 %.
     */
    private static final int COPY_COLUMNS = 256;

    /** Rows of A that pay for packing B. */
    private static final int PACK_ROWS = 48;

    /** B up to this size is read where it lies: 32 KB stay in L1. */
    private static final long SMALL_B = 32 * 1024;

    final Tiles tiles;
    final Panels panels;
    final int kBlocks;
    final int kPerBlock;
    final int mostRows;
    final int columnPieces;
    final int pieces;
    final int packedPanels;
    final int packedStripes;
    final boolean copyA;
    final int copyRow;

    private final int rowPieces;
    private final int rowUnits;
    private final int unit;
    private final int packedMatrices;
    private final long packedFloats;
    private final int packedFrom;
    private final long matrixStrideB;
    private final long k;
    private final boolean transB;
    private final long workerFloats;
    private final int threads;
    private final Strides[] strides;

    GemmBlocks(GemmSpec spec, Tiles tiles, int threads) {
        this.tiles = tiles;
        this.k = spec.k();
        this.transB = spec.transB();
        this.threads = threads;
        this.panels = new Panels(spec.n(), tiles, tiles.main());
        this.kBlocks = Math.max(1, Math.ceilDiv(spec.k(), MAX_K));
        this.kPerBlock = kBlocks == 1 ? spec.k() : Math.ceilDiv(Math.ceilDiv(spec.k(), kBlocks), 8) * 8;
        int wanted = (int) Math.clamp(2.0 * spec.m() * spec.n() * spec.k() / PIECE_FLOPS, 1, MAX_PIECES);
        boolean empty = spec.batch() == 0 || spec.m() == 0 || spec.n() == 0;
        this.unit = empty ? 1 : mainTile().rows;
        this.rowUnits = Math.ceilDiv(spec.m(), unit);
        int square = empty ? 1 : (int) Math.round(Math.sqrt((double) wanted * spec.m() / spec.n()));
        int rowSplit = Math.max(Math.ceilDiv(spec.m(), MAX_ROWS), Math.min(square, rowUnits / 4));
        this.rowPieces = empty ? 0 : Math.max(1, rowSplit);
        this.mostRows = empty ? 0 : Math.ceilDiv(rowUnits, rowPieces) * unit;
        this.columnPieces = empty ? 0 : Math.clamp(Math.ceilDiv(wanted, rowPieces), 1, panels.count());
        this.pieces = Math.multiplyExact(spec.batch(), rowPieces * columnPieces);
        this.packedPanels = empty || spec.k() == 0 ? 0 : packedPanels(spec);
        this.packedMatrices = spec.strideB() == 0 ? 1 : spec.batch();
        this.matrixStrideB = spec.strideB();
        this.packedFrom = empty ? 0 : panels.column(panels.count() - packedPanels);
        this.packedFloats = packedPanels == 0 ? 0 : (long) (panels.padded() - packedFrom) * spec.k();
        this.packedStripes = spec.transB() ? 1 : Math.ceilDiv(spec.k(), STRIPE);
        boolean far = spec.transA() || 4L * spec.lda() > Micro.STEP;
        this.copyA = far && spec.n() >= COPY_COLUMNS && spec.m() > unit || 4L * spec.lda() > Micro.STEP;
        // 16 floats more than a whole number of pages would leave consecutive rows in one set; so make it odd lines.
        int run = spec.transA() ? mostRows + Tiles.TALLEST : kPerBlock;
        this.copyRow = (Math.ceilDiv(run, 16) | 1) * 16;
        long copied = spec.transA() ? kPerBlock : (copyA ? mostRows : 0) + Tiles.TALLEST;
        this.workerFloats = Math.ceilDiv(Tiles.LARGEST + copied * copyRow, 16) * 16L;
        this.strides = spec.k() == 0 ? new Strides[0] : strides(spec);
    }

    /** Panels from the last one back that are packed: all, or the last if it is not whole vectors, or none. */
    private int packedPanels(GemmSpec spec) {
        boolean all = spec.transB()
                || spec.m() > PACK_ROWS && 4L * spec.k() * spec.n() > SMALL_B
                || panels.columns(panels.count() - 1) < panels.width(panels.count() - 1) && panels.count() == 1;
        if (all) {
            return panels.count();
        }
        return panels.columns(panels.count() - 1) < panels.width(panels.count() - 1) ? 1 : 0;
    }

    private Strides[] strides(GemmSpec spec) {
        int kinds = tiles.widest() + 1;
        Strides[] all = new Strides[kBlocks * kinds * 2];
        for (int block = 0; block < kBlocks; block++) {
            int steps = Math.min(kPerBlock, spec.k() - block * kPerBlock);
            for (int vectors = 0; vectors < kinds; vectors++) {
                long bStep = vectors == 0 ? 4L * spec.ldb() : vectors * Lanes.BYTES;
                for (int copied = 0; copied < 2; copied++) {
                    long run = 4L * (copied == 1 ? copyRow : spec.lda());
                    all[(block * kinds + vectors) * 2 + copied] = spec.transA()
                            ? new Strides(4, run, bStep, steps, 1, Tiles.NO_OFFSET)
                            : new Strides(run, 4, bStep, steps, 1, Tiles.NO_OFFSET);
                }
            }
        }
        return all;
    }

    /** The walk of one block of k through A or its copy and through B ({@code packedVectors} 0) or its panel. */
    Strides strides(int block, int packedVectors, boolean copied) {
        return strides[(block * (tiles.widest() + 1) + packedVectors) * 2 + (copied ? 1 : 0)];
    }

    /** Bytes from a row of op(A), or of its copy, to the next. */
    long aRow(boolean copied) {
        return strides(0, 0, copied).aRow();
    }

    /** k of a block. */
    int steps(int block) {
        return (int) strides(block, 0, false).steps();
    }

    Micro mainTile() {
        return tiles.micro(panels.count() == 0 ? 1 : panels.vectors(0));
    }

    /** Whether so many rows are better left to the short tile. */
    boolean few(Micro micro, int rows) {
        Micro few = tiles.few();
        return few != null && few.vectors == micro.vectors && rows <= few.rows;
    }

    int piecesPerMatrix() {
        return rowPieces * columnPieces;
    }

    /** First row of a piece. */
    int row(int rowPiece) {
        return (int) ((long) rowUnits * rowPiece / rowPieces) * unit;
    }

    /** Stripes of rows of B, or panels of columns if B is transposed. */
    int packPieces() {
        return packedMatrices * packPiecesPerMatrix();
    }

    int packPiecesPerMatrix() {
        return transB ? packedPanels : packedStripes;
    }

    /** k from which a stripe is. */
    int stripe(int stripe) {
        return stripe * STRIPE;
    }

    boolean packed(int panel) {
        return panel >= panels.count() - packedPanels;
    }

    long scratchBytes() {
        return pieces == 0 ? 0 : 4 * (packedMatrices * packedFloats + threads * workerFloats);
    }

    /** Where panel p of a matrix of the batch is packed. */
    long packedPanel(long scratch, int matrix, int panel) {
        long own = matrixStrideB == 0 ? 0 : matrix;
        return scratch + 4 * (own * packedFloats + (panels.column(panel) - packedFrom) * k);
    }

    /** A worker's own part: a tile, then the copy of A. */
    long workerScratch(long scratch, int worker) {
        return scratch + 4 * (packedMatrices * packedFloats + worker * workerFloats);
    }
}
