package io.gatun.simd;

import io.gatun.spec.GemmSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * How a large product is cut: k into blocks, C into pieces of some columns and all rows, or the other way round.
 *
 * <p>A piece packs its own part of B, so threads wait for each other only once, at the end. With one packing of B for all
 * they met in the middle too, and each read half of the panels from the other's cache: at n = 256 on two Zen 5 cores
 * 0.67 of the peak, and now 0.98 once both threads are awake.
 *
 * <p>Half of the threads take pieces from the first one on and half from the last one back (see {@link GemmPanels}), so
 * a thread that multiplies again finds in its L2 what it had there.
 */
final class GemmPieces {
    /**
     * k of a block at most. At 384 a product of 512 added two blocks. One of 1,024 was 2 % faster at n = 1024 and 2048, but
     * the error of a sum of positive numbers grows as its root: 24 of the 32 u that {@code docs/verification.md} allows.
     */
    static final int MAX_K = 512;

    /** Floats of B that a piece packs at a time: 256 KB, a quarter of L2. */
    private static final int PACKED = 64 * 1024;

    /** Columns of a piece that packs, unless there are too few pieces: its rows of A come from L2 for all panels but the first. */
    private static final int MOST_COLUMNS = 256;

    private static final int FEWEST_COLUMNS = 64;

    /**
     * Bytes of B in a block of k that are read where they lie: its rows are in L2 then, at most four in a set, and their
     * pages in the TLB. At n = 256 that saves the 3 % of packing; at 512 (1 MB) it was 3 % slower on two threads.
     */
    private static final long IN_PLACE = 256 * 1024;

    /** Rows of a piece at least: below, packing B again for another one costs more than 1 %. */
    private static final int FEWEST_ROWS = 256;

    /** Rows of a piece at least where B is not packed. */
    private static final int FEWEST_ROWS_IN_PLACE = 32;

    /**
     * Pieces for each thread, so that one which is held up leaves some to the others. Smaller ones in the middle, where the
     * threads meet, were slower: now one and now the other wrote them, and the lines of C went from cache to cache.
     */
    private static final int PIECES_A_THREAD = 4;

    /** Rows and panels of C. */
    record Piece(int row, int rows, int panel, int panels) {}

    final Panels panels;
    final int kBlocks;
    final int kPerBlock;

    /** Of one matrix of the batch. */
    final List<Piece> pieces;

    /** Whether B is read where it lies. */
    final boolean inPlace;

    /** Whether the last panel is not two whole vectors; no other is. */
    final boolean odd;

    private final int m;
    private final int k;

    GemmPieces(GemmSpec spec, Tiles tiles, int threads) {
        this.m = spec.m();
        this.k = spec.k();
        this.panels = new Panels(spec.n(), tiles, PanelTile8x2.VECTORS);
        int end = panels.count() - 1;
        this.odd = panels.vectors(end) != PanelTile8x2.VECTORS || panels.columns(end) < panels.width(end);
        this.kBlocks = Math.ceilDiv(k, MAX_K);
        this.kPerBlock = kBlocks == 1 ? k : Math.ceilDiv(Math.ceilDiv(k, kBlocks), 8) * 8;
        this.inPlace = !spec.transB() && 4L * kPerBlock * spec.ldb() <= IN_PLACE;
        int columns = Math.clamp(PACKED / kPerBlock, FEWEST_COLUMNS, MOST_COLUMNS);
        int width = PanelTile8x2.VECTORS * Lanes.COUNT;
        int groups = inPlace ? 1 : Math.ceilDiv(panels.count(), columns / width);
        int bands = 1;
        if (threads > 1) {
            double flops = 2.0 * m * spec.n() * k * spec.batch();
            int pieces = (int) Math.clamp(flops / GemmBlocks.PIECE_FLOPS, 1, PIECES_A_THREAD * threads);
            int wanted = Math.ceilDiv(pieces, spec.batch());
            if (inPlace) {
                bands = Math.min(wanted, m / FEWEST_ROWS_IN_PLACE);
            } else {
                groups = Math.min(Math.ceilDiv(groups, wanted) * wanted, panels.count());
                bands = Math.min(Math.ceilDiv(wanted, groups), m / FEWEST_ROWS);
            }
        }
        this.pieces = List.copyOf(cut(Math.max(1, bands), groups));
    }

    /** Groups of panels, each in bands of rows. */
    private List<Piece> cut(int bands, int groups) {
        List<Piece> all = new ArrayList<>();
        for (int g = 0; g < groups; g++) {
            int panel = (int) ((long) panels.count() * g / groups);
            int next = (int) ((long) panels.count() * (g + 1) / groups);
            for (int band = 0; band < bands; band++) {
                int row = row(band, bands);
                all.add(new Piece(row, row(band + 1, bands) - row, panel, next - panel));
            }
        }
        return all;
    }

    /** First row of part i of all rows, of whole tiles. */
    private int row(int i, int parts) {
        int tiles = Math.ceilDiv(m, PanelTile8x2.ROWS);
        return Math.min(m, (int) ((long) tiles * i / parts) * PanelTile8x2.ROWS);
    }

    /** Columns of the widest piece, with those that fill up its last vector. */
    int mostColumns() {
        int most = 0;
        for (Piece p : pieces) {
            most = Math.max(most, panels.column(p.panel + p.panels) - panels.column(p.panel));
        }
        return most;
    }

    /** k of a block. */
    int steps(int block) {
        return Math.min(kPerBlock, k - block * kPerBlock);
    }
}
