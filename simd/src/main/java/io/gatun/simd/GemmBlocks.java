package io.gatun.simd;

import io.gatun.simd.Micro.Strides;
import io.gatun.spec.GemmSpec;

/** How one GEMM is cut: pieces for the pool, blocks of k, panels, what is copied, and where in the scratch memory. */
final class GemmBlocks {
    /** k of a block: a panel of 64 columns is 96 KB then, and with a copy of 96 rows of A well inside 1 MB of L2. */
    private static final int MAX_K = 384;

    /** Rows of a piece at most: the copy of A is 150 KB. */
    private static final int MAX_ROWS = 96;

    /** Floating-point operations worth a hand-over to another thread: about 8 us. */
    static final double PIECE_FLOPS = 2e6;

    /** Pieces beyond this only shorten the panels. */
    private static final int MAX_PIECES = 16;

    /** Reads of a row of A that pay for its copy. */
    private static final int COPY_COLUMNS = 256;

    /** Rows of A that pay for packing B. */
    private static final int PACK_ROWS = 48;

    /** B up to this size is read where it lies: 32 KB stay in L1. */
    private static final long SMALL_B = 32 * 1024;

    final Tiles tiles;
    final Panels panels;
    final int kBlocks;
    final int kPerBlock;
    final int rowsPerPiece;
    final int columnPieces;
    final int pieces;
    final int packedPanels;
    final boolean copyA;
    final int copyRow;

    private final int rowPieces;
    private final int packedMatrices;
    private final long packedFloats;
    private final int packedFrom;
    private final long matrixStrideB;
    private final long workerFloats;
    private final int threads;
    private final Strides[] strides;

    GemmBlocks(GemmSpec spec, Tiles tiles, int threads, boolean packAll) {
        this.tiles = tiles;
        this.threads = threads;
        this.panels = new Panels(spec.n(), tiles);
        this.kBlocks = Math.max(1, Math.ceilDiv(spec.k(), MAX_K));
        this.kPerBlock = kBlocks == 1 ? spec.k() : Math.ceilDiv(Math.ceilDiv(spec.k(), kBlocks), 8) * 8;
        int wanted = (int) Math.clamp(2.0 * spec.m() * spec.n() * spec.k() / PIECE_FLOPS, 1, MAX_PIECES);
        boolean empty = spec.batch() == 0 || spec.m() == 0 || spec.n() == 0;
        int unit = empty ? 1 : mainTile().rows;
        int rowSplit = Math.max(Math.ceilDiv(spec.m(), MAX_ROWS), Math.min(wanted, spec.m() / (4 * unit)));
        this.rowsPerPiece = Math.ceilDiv(Math.ceilDiv(spec.m(), Math.max(1, rowSplit)), unit) * unit;
        this.rowPieces = empty ? 0 : Math.ceilDiv(spec.m(), rowsPerPiece);
        this.columnPieces = empty ? 0 : Math.clamp(Math.ceilDiv(wanted, rowPieces), 1, panels.count());
        this.pieces = Math.multiplyExact(spec.batch(), rowPieces * columnPieces);
        this.packedPanels = empty || spec.k() == 0 ? 0 : packedPanels(spec, packAll);
        this.packedMatrices = spec.strideB() == 0 ? 1 : spec.batch();
        this.matrixStrideB = spec.strideB();
        this.packedFrom = empty ? 0 : panels.column(panels.count() - packedPanels);
        this.packedFloats = packedPanels == 0 ? 0 : (long) (panels.padded() - packedFrom) * spec.k();
        this.copyA = spec.n() >= COPY_COLUMNS && spec.m() > unit;
        // 16 floats more than a whole number of pages would leave consecutive rows in one set; so make it odd lines.
        int run = spec.transA() ? rowsPerPiece + Tiles.TALLEST : kPerBlock;
        this.copyRow = (Math.ceilDiv(run, 16) | 1) * 16;
        long copied = spec.transA() ? kPerBlock : (copyA ? rowsPerPiece : 0) + Tiles.TALLEST;
        this.workerFloats = Math.ceilDiv(Tiles.LARGEST + copied * copyRow, 16) * 16L;
        this.strides = spec.k() == 0 ? new Strides[0] : strides(spec);
    }

    /** Panels from the last one back that are packed: all, or the last if it is not whole vectors, or none. */
    private int packedPanels(GemmSpec spec, boolean packAll) {
        boolean all = packAll
                || spec.transB()
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

    int piecesPerMatrix() {
        return rowPieces * columnPieces;
    }

    int packPieces() {
        return packedMatrices * packedPanels;
    }

    long scratchBytes() {
        return pieces == 0 ? 0 : 4 * (packedMatrices * packedFloats + threads * workerFloats);
    }

    /** Where panel p of a matrix of the batch is packed. */
    long packedPanel(long scratch, int matrix, int panel) {
        long own = matrixStrideB == 0 ? 0 : matrix;
        long k = (panels.padded() - packedFrom) == 0 ? 0 : packedFloats / (panels.padded() - packedFrom);
        return scratch + 4 * (own * packedFloats + (panels.column(panel) - packedFrom) * k);
    }

    /** A worker's own part: a tile, then the copy of A. */
    long workerScratch(long scratch, int worker) {
        return scratch + 4 * (packedMatrices * packedFloats + worker * workerFloats);
    }
}
