package io.gatun.simd;

import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Task;
import io.gatun.parallel.Workers;
import io.gatun.simd.Micro.Strides;
import io.gatun.spec.GemmSpec;

/**
 * GEMM in BLIS's shape, for all that {@link GemmPanels}, {@link GemmRows} and {@link GemmDot} leave: one method a loop: pieces of C (shared by the pool) - blocks of k - panels of B - tiles.
 *
 * <p>B is packed once for all pieces, unless the rows of A are too few to pay for it. A is read where it lies, or, when
 * many panels will read it, from a copy of its block that has no two rows in one cache set.
 *
 * <p>An element of C is one chain of fma over each block of k, and these sums are added in order: nothing depends on
 * tiles, threads or the vector width, so neither do the bits.
 */
final class SimdGemm implements Kernel {
    private static final int A_SLOT = 0;
    private static final int B_SLOT = 1;
    private static final int BIAS_SLOT = 2;

    private final GemmSpec spec;
    private final Workers workers;
    private final GemmBlocks blocks;
    private final TileWriter writer;
    private final boolean direct;
    private final Task pack = this::pack;
    private final Task multiply = this::multiply;

    // Behind the bias, if there is one.
    private final int cSlot;
    private final int scratchSlot;

    private SimdGemm(GemmSpec spec, Workers workers) {
        this.spec = spec;
        this.workers = workers;
        this.blocks = new GemmBlocks(spec, Tiles.HERE, workers.threads());
        this.writer = new TileWriter(spec.alpha(), spec.beta(), spec.activation());
        this.direct = writer.plain() && !spec.bias();
        this.cSlot = spec.bias() ? BIAS_SLOT + 1 : BIAS_SLOT;
        this.scratchSlot = cSlot + 1;
    }

    static Offer offer(GemmSpec spec, Workers workers) {
        if (GemmDot.suits(spec)) {
            return Offer.of(new GemmDot(spec, workers));
        }
        if (GemmRows.suits(spec)) {
            return Offer.of(new GemmRows(spec, workers));
        }
        if (GemmSmall.suits(spec)) {
            return Offer.of(new GemmSmall(spec, workers));
        }
        if (GemmPanels.suits(spec)) {
            return Offer.of(new GemmPanels(spec, workers));
        }
        return Offer.of(new SimdGemm(spec, workers));
    }

    @Override
    public String implementation() {
        Micro main = blocks.mainTile();
        return "simd:gemm " + main.rows + "x" + main.width() + " " + blocks.tiles.name();
    }

    @Override
    public long scratchBytes() {
        return blocks.scratchBytes();
    }

    @Override
    public void execute(long[] frame) {
        packB(frame);
        product(frame);
    }

    /** The first half of {@link #execute}: what it leaves in the scratch memory serves many products. */
    void packB(long[] frame) {
        if (blocks.pieces > 0 && blocks.packedPanels > 0) {
            workers.run(blocks.packPieces(), pack, frame);
        }
    }

    /** The second half. */
    void product(long[] frame) {
        if (blocks.pieces > 0) {
            workers.run(blocks.pieces, multiply, frame);
        }
    }

    /** Packs a stripe of one matrix of the batch, or a panel if B is transposed. */
    private void pack(long[] frame, int piece, int worker) {
        int matrix = piece / blocks.packPiecesPerMatrix();
        int part = piece % blocks.packPiecesPerMatrix();
        long b = frame[B_SLOT] + 4 * matrix * spec.strideB();
        int first = blocks.panels.count() - blocks.packedPanels;
        if (spec.transB()) {
            int panel = first + part;
            long from = b + 4L * blocks.panels.column(panel) * spec.ldb();
            int columns = blocks.panels.columns(panel);
            int width = blocks.panels.width(panel);
            long to = blocks.packedPanel(frame[scratchSlot], matrix, panel);
            Pack.columns(from, 4L * spec.ldb(), spec.k(), columns, width, to);
            return;
        }
        int k = blocks.stripe(part);
        int steps = Math.min(blocks.stripe(part + 1), spec.k()) - k;
        for (int panel = first; panel < blocks.panels.count(); panel++) {
            long from = b + 4L * k * spec.ldb() + 4L * blocks.panels.column(panel);
            int columns = blocks.panels.columns(panel);
            int width = blocks.panels.width(panel);
            long to = blocks.packedPanel(frame[scratchSlot], matrix, panel) + 4L * k * width;
            Pack.rows(from, 4L * spec.ldb(), steps, columns, width, to);
        }
    }

    /** One piece: some rows of C and some panels. */
    private void multiply(long[] frame, int piece, int worker) {
        int matrix = piece / blocks.piecesPerMatrix();
        int rest = piece % blocks.piecesPerMatrix();
        int rowPiece = rest / blocks.columnPieces;
        int columnPiece = rest % blocks.columnPieces;
        int row = blocks.row(rowPiece);
        int rows = Math.min(blocks.row(rowPiece + 1), spec.m()) - row;
        int fromPanel = blocks.panels.count() * columnPiece / blocks.columnPieces;
        int toPanel = blocks.panels.count() * (columnPiece + 1) / blocks.columnPieces;
        if (spec.k() == 0) {
            empty(frame, matrix, row, rows, fromPanel, toPanel);
            return;
        }
        long a = frame[A_SLOT] + 4 * matrix * spec.strideA();
        for (int block = 0; block < blocks.kBlocks; block++) {
            kBlock(frame, worker, matrix, a, block, row, rows, fromPanel, toPanel);
        }
    }

    /** Adds the product over one block of k to the piece. */
    private void kBlock(
            long[] frame, int worker, int matrix, long a, int block, int row, int rows, int fromPanel, int toPanel) {
        int k = block * blocks.kPerBlock;
        long from = a + (spec.transA() ? 4L * k * spec.lda() + 4L * row : 4L * row * spec.lda() + 4L * k);
        long copy = blocks.workerScratch(frame[scratchSlot], worker) + 4L * Tiles.LARGEST;
        if (blocks.copyA) {
            copyRows(from, rows, blocks.steps(block), copy);
            from = copy;
        }
        for (int panel = fromPanel; panel < toPanel; panel++) {
            panel(frame, worker, matrix, from, copy, block, row, rows, panel);
        }
    }

    private void copyRows(long from, int rows, int steps, long to) {
        if (spec.transA()) {
            Pack.block(from, 4L * spec.lda(), steps, rows, to, 4L * blocks.copyRow);
        } else {
            Pack.block(from, 4L * spec.lda(), rows, steps, to, 4L * blocks.copyRow);
        }
    }

    /** All tiles of one panel: the rows of A change, the panel stays where it is in the caches. */
    private void panel(
            long[] frame, int worker, int matrix, long a, long copy, int block, int row, int rows, int panel) {
        Micro micro = blocks.tiles.micro(blocks.panels.vectors(panel));
        boolean packed = blocks.packed(panel);
        int column = blocks.panels.column(panel);
        int columns = blocks.panels.columns(panel);
        long k = (long) block * blocks.kPerBlock;
        long b = packed
                ? blocks.packedPanel(frame[scratchSlot], matrix, panel) + 4 * k * micro.width()
                : frame[B_SLOT] + 4 * matrix * spec.strideB() + 4 * k * spec.ldb() + 4L * column;
        Strides strides = blocks.strides(block, packed ? micro.vectors : 0, blocks.copyA);
        long cRow = 4L * spec.ldc();
        long c = frame[cSlot] + 4 * matrix * spec.strideC() + row * cRow + 4L * column;
        long tile = blocks.workerScratch(frame[scratchSlot], worker);
        long tileRow = 4L * micro.width();
        long bias = spec.bias() ? frame[BIAS_SLOT] + 4L * column : 0;
        boolean first = block == 0;
        boolean last = block == blocks.kBlocks - 1;
        boolean straight = first && direct && columns == micro.width();
        boolean adds = !first && columns == micro.width() && (direct || !last && writer.alpha() == 1);
        int height = micro.rows;
        long aRows = height * blocks.aRow(blocks.copyA);
        long from = a;
        int left = rows;
        for (; left >= height; left -= height, from += aRows, c += height * cRow) {
            if (straight) {
                micro.run(strides, from, b, c, cRow);
                continue;
            }
            micro.run(strides, from, b, tile, tileRow);
            if (adds) {
                writer.add(tile, tileRow, c, cRow, height);
            } else {
                writer.write(tile, tileRow, c, cRow, height, columns, bias, first, last);
            }
        }
        if (left > 0) {
            boolean copied = blocks.copyA;
            if (blocks.few(micro, left)) {
                micro = blocks.tiles.few();
            }
            if (left < micro.rows && !copied) {
                copyRows(from, left, blocks.steps(block), copy);
                from = copy;
                copied = true;
            }
            strides = blocks.strides(block, packed ? micro.vectors : 0, copied);
            micro.run(strides, from, b, tile, tileRow);
            writer.write(tile, tileRow, c, cRow, left, columns, bias, first, last);
        }
    }

    private void empty(long[] frame, int matrix, int row, int rows, int fromPanel, int toPanel) {
        int column = blocks.panels.column(fromPanel);
        int columns = blocks.panels.column(toPanel - 1) + blocks.panels.columns(toPanel - 1) - column;
        long cRow = 4L * spec.ldc();
        long c = frame[cSlot] + 4 * matrix * spec.strideC() + row * cRow + 4L * column;
        writer.empty(c, cRow, rows, columns, spec.bias() ? frame[BIAS_SLOT] + 4L * column : 0);
    }
}
