package io.gatun.simd;

import static io.gatun.simd.Lanes.load;

import io.gatun.memory.Raw;
import io.gatun.simd.Micro.Strides;

/**
 * The gradients of a recurrent layer's weights and biases, of the gates' gradients of some steps at a time: a product
 * with the inputs, one with the states before each step (h0, then dst but for its last step), and column sums.
 *
 * <p>A strip of the gates' gradients (32 KB for 512 rows) meets eight panels of the other side (512 KB, in L2) one after
 * the other, and the gradients of 16 steps (4 MB) stay in L3 between their making and this, where one product over all steps
 * at the end would read 16 MB from memory for each panel. Chunks of 1,024 rows with one chain of 1,024, and pieces
 * apart by thread, took 0.99 to 1.01 of the time of the whole backward; reading the sums' lines before the tile that adds to
 * them gained the products nothing.
 */
final class WeightProducts {
    private static final Micro TILE = PanelProduct.TILE;
    private static final int WIDTH = PanelProduct.WIDTH;
    private static final long TILE_ROW = 4L * WIDTH;

    /** A tile. */
    static final long OWN_BYTES = TILE.rows * TILE_ROW;

    /** k of a block at most: one chain of fma. */
    private static final int MAX_K = GemmPieces.MAX_K;

    private static final int PANELS_PER_GROUP = 8;

    private static final int STRIPS_PER_PIECE = 4;

    // Slots of the frame behind those of BackwardSteps.
    private static final int STRIPS_SLOT = 24;
    private static final int PACKED_SLOT = 25;
    private static final int ROWS_SLOT = 26;
    private static final int ADDS_SLOT = 27;
    private static final int SRC_SLOT = 28;
    private static final int FIRST_SLOT = 29;
    private static final int REST_SLOT = 30;

    private final GateStrips strips;
    private final LayerSizes sizes;
    private final int mostRows;
    private final Strides whole = strides(MAX_K);
    private final Strides rest;
    private final Strides firstRest;
    private final Side input;
    private final Side hidden;

    WeightProducts(
            GateStrips strips,
            int stepsPerChunk,
            LayerSizes sizes,
            BackwardSteps.Gates gates,
            BackwardSteps.Operands at) {
        this.strips = strips;
        this.sizes = sizes;
        this.mostRows = stepsPerChunk * sizes.b();
        this.rest = strides(mostRows % MAX_K);
        this.firstRest = strides(sizes.t() % stepsPerChunk * sizes.b() % MAX_K);
        this.input = new Side(sizes.i(), gates.ofInput(), at.diffWeightsIh(), at.diffBiasIh());
        this.hidden = new Side(sizes.h(), gates.ofHidden(), at.diffWeightsHh(), at.diffBiasHh());
    }

    /** The other sides of both products. */
    long packedBytes() {
        return (long) (input.panels + hidden.panels) * mostRows * TILE_ROW;
    }

    /** Zeros, for a layer without rows and for sums. */
    void begin(long[] frame) {
        input.begin(frame);
        hidden.begin(frame);
    }

    /**
     * Sets what the pieces are of.
     *
     * @param from the first step
     * @param rows of the steps together
     * @param adds whether to add to what later steps gave
     */
    void chunk(long[] frame, int from, int rows, boolean adds, long kept, long packed) {
        frame[STRIPS_SLOT] = kept;
        frame[PACKED_SLOT] = packed;
        frame[ROWS_SLOT] = rows;
        frame[ADDS_SLOT] = adds ? 1 : 0;
        frame[SRC_SLOT] = frame[ForwardSteps.SRC] + 4L * from * sizes.b() * sizes.i();
        frame[FIRST_SLOT] = from == 0 ? frame[ForwardSteps.H0] : 0;
        frame[REST_SLOT] = frame[ForwardSteps.DST] + (from == 0 ? 0 : (from - 1) * sizes.stateBytes());
    }

    int packs() {
        return input.panels + hidden.panels;
    }

    void pack(long[] frame, int piece, int worker) {
        int rows = (int) frame[ROWS_SLOT];
        long to = frame[PACKED_SLOT] + piece * rows * TILE_ROW;
        if (piece < input.panels) {
            input.pack(frame[SRC_SLOT], rows, piece, to);
            return;
        }
        int panel = piece - input.panels;
        int first = frame[FIRST_SLOT] == 0 ? 0 : sizes.b();
        hidden.pack(frame[FIRST_SLOT], first, panel, to);
        hidden.pack(frame[REST_SLOT], rows - first, panel, to + first * TILE_ROW);
    }

    int pieces() {
        return input.pieces + hidden.pieces;
    }

    /** {@code own}: this thread's {@link #OWN_BYTES}. */
    void multiply(long[] frame, int piece, long own) {
        if (piece < input.pieces) {
            input.multiply(frame, piece, frame[PACKED_SLOT], own);
        } else {
            long packed = frame[PACKED_SLOT] + input.panels * frame[ROWS_SLOT] * TILE_ROW;
            hidden.multiply(frame, piece - input.pieces, packed, own);
        }
    }

    /** The product for one of the two matrices: diffWeights [gates·h, columns] and the sums, diffBias [gates·h]. */
    private final class Side {
        private final int columns;
        private final int panels;
        private final int[] gates;
        private final int diffWeights;
        private final int diffBias;
        private final int piecesPerGroup;
        private final int pieces;

        Side(int columns, int[] gates, int diffWeights, int diffBias) {
            this.columns = columns;
            this.panels = Math.ceilDiv(columns, WIDTH);
            this.gates = gates;
            this.diffWeights = diffWeights;
            this.diffBias = diffBias;
            this.piecesPerGroup = Math.ceilDiv(gates.length * strips.perGate, STRIPS_PER_PIECE);
            this.pieces = piecesPerGroup * Math.ceilDiv(panels, PANELS_PER_GROUP);
        }

        void begin(long[] frame) {
            if (diffBias != 0) {
                Pack.zero(frame[diffBias], gates.length * sizes.h());
            }
            if (mostRows == 0 || sizes.t() == 0) {
                Pack.zero(frame[diffWeights], gates.length * sizes.h() * columns);
            }
        }

        void pack(long from, int rows, int panel, long to) {
            int column = panel * WIDTH;
            Pack.rows(from + 4L * column, 4L * columns, rows, Math.min(WIDTH, columns - column), WIDTH, to);
        }

        void multiply(long[] frame, int piece, long packed, long own) {
            int firstPanel = piece / piecesPerGroup * PANELS_PER_GROUP;
            int last = Math.min(panels, firstPanel + PANELS_PER_GROUP);
            int from = piece % piecesPerGroup * STRIPS_PER_PIECE;
            for (int s = from; s < Math.min(gates.length * strips.perGate, from + STRIPS_PER_PIECE); s++) {
                strip(frame, s / strips.perGate, s % strips.perGate, packed, firstPanel, last, own);
            }
        }

        private void strip(long[] frame, int gate, int strip, long packed, int firstPanel, int last, long own) {
            int rows = (int) frame[ROWS_SLOT];
            boolean adds = frame[ADDS_SLOT] != 0;
            long a = frame[STRIPS_SLOT] + strips.at(gates[gate], strip);
            int unit = strip * GateStrips.WIDTH;
            int units = Math.min(GateStrips.WIDTH, sizes.h() - unit);
            long row = (long) gate * sizes.h() + unit;
            if (firstPanel == 0 && diffBias != 0) {
                ColumnSums.add(false, a, rows, GateStrips.ROW, units, frame[diffBias] + 4 * row);
            }
            long to = frame[diffWeights] + 4 * row * columns;
            for (int panel = firstPanel; panel < last; panel++) {
                long b = packed + panel * rows * TILE_ROW;
                for (int k = 0; k < rows; k += MAX_K) {
                    int steps = Math.min(MAX_K, rows - k);
                    panel(a + k * GateStrips.ROW, b + k * TILE_ROW, steps, units, panel, to, adds || k > 0, own);
                }
            }
        }

        /** The last tile of a strip begins early enough to be whole, and writes only what is new. */
        private void panel(long a, long b, int steps, int units, int panel, long to, boolean adds, long own) {
            Strides strides = steps == MAX_K ? whole : steps == rest.steps() ? rest : firstRest;
            int width = Math.min(WIDTH, columns - panel * WIDTH);
            long c = to + panel * TILE_ROW;
            long cRow = 4L * columns;
            for (int u = 0; u < units; u += TILE.rows) {
                int start = Math.min(u, GateStrips.WIDTH - TILE.rows);
                int count = Math.min(TILE.rows, units - u);
                if (!adds && width == WIDTH && start == u && count == TILE.rows) {
                    TILE.run(strides, a + 4L * start, b, c + u * cRow, cRow);
                } else {
                    TILE.run(strides, a + 4L * start, b, own, TILE_ROW);
                    write(own + (u - start) * TILE_ROW, c + u * cRow, cRow, count, width, adds);
                }
            }
        }
    }

    private static Strides strides(int steps) {
        return new Strides(4, GateStrips.ROW, TILE_ROW, steps, 1, Tiles.NO_OFFSET);
    }

    private static void write(long tile, long c, long cRow, int rows, int columns, boolean adds) {
        if (adds && columns == WIDTH) {
            addPairs(tile, c, cRow, rows);
            return;
        }
        for (int r = 0; r < rows; r++, tile += TILE_ROW, c += cRow) {
            if (adds) {
                for (int i = 0; i < columns; i++) {
                    Raw.f32(c, i, Raw.f32(c, i) + Raw.f32(tile, i));
                }
            } else {
                Pack.move(tile, c, columns);
            }
        }
    }

    private static void addPairs(long tile, long c, long cRow, int rows) {
        for (long end = tile + rows * TILE_ROW; tile < end; tile += TILE_ROW, c += cRow) {
            load(c).add(load(tile)).intoMemorySegment(Raw.MEMORY, c, Lanes.ORDER);
            load(c + Lanes.BYTES)
                    .add(load(tile + Lanes.BYTES))
                    .intoMemorySegment(Raw.MEMORY, c + Lanes.BYTES, Lanes.ORDER);
        }
    }
}
