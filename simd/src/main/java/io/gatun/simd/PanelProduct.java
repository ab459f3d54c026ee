package io.gatun.simd;

import io.gatun.simd.Micro.Strides;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Products of a few rows with one matrix of weights, which is packed once and used at every step of a sequence. A result is
 * a block of {@link #WIDTH} columns in memory of its own, [rows, WIDTH].
 *
 * <p>Panels are two vectors wide: 64 KB a block of k, which stays in L2 for all rows, and 8 rows a tile divide a batch of
 * 32 without a rest. Weights that come from L3 at every step cost no more than those in L2: 262 GFLOP/s of 269 on a Zen 5
 * core, with 4 MB of them.
 *
 * <p>An element is one chain of fma over each block of k, and these sums are added in order, so the bits depend neither on
 * tiles nor on the vector width.
 */
final class PanelProduct {
    private static final int MAX_K = GemmPieces.MAX_K;

    static final Micro TILE = Lanes.COUNT == 16 ? new StepTile8x2() : Tiles.HERE.micro(2);
    static final int WIDTH = TILE.width();

    /** Where C2 has registers for it; else the offsets of {@link Micro} lead from strip to strip. */
    private static final Micro STRIP_TILE = Lanes.REGISTERS == 32 ? new StripTile8x2() : TILE;

    private static final long TILE_ROW = 4L * WIDTH;

    /** A part of k: where it begins in A and in a panel. */
    private record Block(Strides strides, long a, long b) {}

    private final Micro tile;
    private final int panels;
    private final int gates;
    private final int rowsOfGate;
    private final int columns;
    private final int depth;
    private final boolean turns;
    private final List<Block> blocks = new ArrayList<>();

    private PanelProduct(int gates, int rowsOfGate, int columns, int depth, boolean turns) {
        this.tile = turns ? TILE : STRIP_TILE;
        this.gates = gates;
        this.rowsOfGate = rowsOfGate;
        this.columns = columns;
        this.depth = depth;
        this.turns = turns;
        this.panels = turns ? gates * Math.ceilDiv(rowsOfGate, WIDTH) : Math.ceilDiv(columns, WIDTH);
    }

    /**
     * A [rows, k] times Wᵀ, W [gates·h, k]: panel {@code block·gates + gate} makes one gate of one {@link UnitBlocks block}.
     */
    static PanelProduct ofRows(int gates, int h, int k) {
        PanelProduct product = new PanelProduct(gates, h, k, k, true);
        int kPerBlock = Math.ceilDiv(k, Math.ceilDiv(k, MAX_K));
        for (int first = 0; first < k; first += kPerBlock) {
            Strides strides = new Strides(4L * k, 4, TILE_ROW, Math.min(kPerBlock, k - first), 1, Tiles.NO_OFFSET);
            product.blocks.add(new Block(strides, 4L * first, first * TILE_ROW));
        }
        return product;
    }

    /** A, whose columns are the units of these gates of the strips, times W [gates·h, n]. */
    static PanelProduct ofStrips(GateStrips strips, int[] gates, int n) {
        int perGate = strips.perGate;
        PanelProduct product =
                new PanelProduct(gates.length, strips.units, n, gates.length * perGate * GateStrips.WIDTH, false);
        int perBlock = Math.ceilDiv(perGate, Math.ceilDiv(perGate * GateStrips.WIDTH, MAX_K));
        long offsets = STRIP_TILE == TILE ? product.offsets(strips.stripBytes, perBlock) : Tiles.NO_OFFSET;
        for (int gate = 0; gate < gates.length; gate++) {
            for (int first = 0; first < perGate; first += perBlock) {
                int count = Math.min(perBlock, perGate - first);
                Strides strides = STRIP_TILE == TILE
                        ? new Strides(GateStrips.ROW, 4, TILE_ROW, GateStrips.WIDTH, count, offsets)
                        : new Strides(
                                GateStrips.ROW, strips.stripBytes, TILE_ROW, (long) count * GateStrips.WIDTH, 1, 0);
                long b = (long) (gate * perGate + first) * GateStrips.WIDTH * TILE_ROW;
                product.blocks.add(new Block(strides, strips.at(gates[gate], first), b));
            }
        }
        return product;
    }

    /** Keeps the offsets from being freed. */
    private final Arena arena = Arena.ofAuto();

    private long offsets(long stripBytes, int count) {
        var table = arena.allocate(8L * (count + 1), 8);
        for (int i = 0; i <= count; i++) {
            table.setAtIndex(ValueLayout.JAVA_LONG, i, i * stripBytes);
        }
        return table.address();
    }

    /** Floating-point operations of one row. */
    double flops() {
        return 2.0 * depth * panels * WIDTH;
    }

    int panels() {
        return panels;
    }

    private long panelBytes() {
        return depth * TILE_ROW;
    }

    long packedBytes() {
        return panels * panelBytes();
    }

    /** What a thread needs for itself to multiply so many rows: of a further block of k, and rows to fill one tile up. */
    long ownBytes(int rows) {
        return spareBytes(rows) + (turns && rows < TILE.rows ? 4L * TILE.rows * depth : 0);
    }

    private static long spareBytes(int rows) {
        return Math.max(rows, TILE.rows) * TILE_ROW;
    }

    void pack(long weights, long packed, int panel) {
        long to = packed + panel * panelBytes();
        if (turns) {
            int column = panel / gates * WIDTH;
            long row = 4L * columns;
            int count = Math.min(WIDTH, rowsOfGate - column);
            Pack.fetch(weights + (panel % gates * rowsOfGate + column) * row, count * row);
            Pack.columns(weights + (panel % gates * rowsOfGate + column) * row, row, columns, count, WIDTH, to);
            return;
        }
        int column = panel * WIDTH;
        int behind = depth / gates - rowsOfGate;
        for (int gate = 0; gate < gates; gate++) {
            long from = weights + 4L * ((long) gate * rowsOfGate * columns + column);
            Pack.rows(from, 4L * columns, rowsOfGate, Math.min(WIDTH, columns - column), WIDTH, to);
            to += rowsOfGate * TILE_ROW;
            Pack.zero(to, behind * WIDTH);
            to += behind * TILE_ROW;
        }
    }

    /**
     * One panel's columns of A · weights. A tile's rows are written there even if A has fewer.
     *
     * @param a rows next to each other, k floats each, or a row of the strips
     * @param to [rows, WIDTH]
     * @param own this thread's {@link #ownBytes}
     */
    void multiply(long a, int rows, long packed, int panel, long to, long own) {
        if (turns && rows < TILE.rows) {
            long filled = own + spareBytes(rows);
            Pack.move(a, filled, rows * depth);
            Pack.zero(filled + 4L * rows * depth, (TILE.rows - rows) * depth);
            a = filled;
        }
        long b = packed + panel * panelBytes();
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            rows(block.strides, a + block.a, rows, b + block.b, i == 0 ? to : own);
            if (i > 0) {
                UnitBlocks.add(own, to, rows);
            }
        }
    }

    /** The last tile begins early enough to be whole, and writes some rows again. */
    private void rows(Strides strides, long a, int rows, long b, long to) {
        for (int r = 0; r < rows; r += TILE.rows) {
            int start = Math.max(0, Math.min(r, rows - TILE.rows));
            tile.run(strides, a + start * strides.aRow(), b, to + start * TILE_ROW, TILE_ROW);
        }
    }
}
