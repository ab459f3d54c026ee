package io.gatun.simd;

import io.gatun.memory.Raw;

/**
 * The gradients of a recurrent layer's gates before their activations, of some rows, in strips of {@link #WIDTH} units:
 * [gate, strip, rows, WIDTH]. A row of a strip is a cache line, whether a product walks down the rows (the gradients of the
 * weights: 450 to 474 GFLOP/s on two Zen 5 cores at 2048 x 512 x 2048 where rows of all gates had 445) or along them.
 */
final class GateStrips {
    /** Units of a strip: a cache line. */
    static final int WIDTH = 16;

    /** Bytes of a row of a strip. */
    static final long ROW = 4L * WIDTH;

    final int units;
    final int perGate;
    final long stripBytes;
    private final int gates;

    GateStrips(int gates, int rows, int units) {
        this.gates = gates;
        this.units = units;
        this.perGate = Math.ceilDiv(units, WIDTH);
        // An odd number of lines: at a power of two all strips of a row would fall into one set of the caches. A tile
        // may
        // read beyond the rows.
        this.stripBytes = ROW * (rows + PanelProduct.TILE.rows | 1);
    }

    long bytes() {
        return gates * perGate * stripBytes;
    }

    /** Where a strip of a gate begins. */
    long at(int gate, int strip) {
        return (gate * perGate + strip) * stripBytes;
    }

    /** Zeros behind the last unit, which products along the rows read. */
    void clear(long strips) {
        if (units % WIDTH != 0) {
            for (int gate = 0; gate < gates; gate++) {
                Pack.zero(strips + at(gate, perGate - 1), (int) (stripBytes / 4));
            }
        }
    }

    /** Keeps {@code rows} rows of a block of units of one gate, from row {@code row} on. */
    void keep(long strips, int gate, int block, int columns, int row, int rows, long from) {
        for (int c = 0; c < columns; ) {
            int unit = block * UnitBlocks.WIDTH + c;
            int lane = unit % WIDTH;
            int count = Math.min(WIDTH - lane, columns - c);
            long to = strips + at(gate, unit / WIDTH) + ROW * row + 4L * lane;
            int whole = count / Lanes.COUNT * Lanes.COUNT;
            for (int v = 0; v < whole; v += Lanes.COUNT) {
                column(from + 4L * (c + v), to + 4L * v, rows);
            }
            if (whole < count) {
                for (int r = 0; r < rows; r++) {
                    Pack.move(from + r * UnitBlocks.ROW + 4L * (c + whole), to + r * ROW + 4L * whole, count - whole);
                }
            }
            c += count;
        }
    }

    private static void column(long from, long to, int rows) {
        for (long end = to + rows * ROW; to < end; to += ROW, from += UnitBlocks.ROW) {
            Lanes.load(from).intoMemorySegment(Raw.MEMORY, to, Lanes.ORDER);
        }
    }
}
