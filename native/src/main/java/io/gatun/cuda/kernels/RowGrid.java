package io.gatun.cuda.kernels;

/**
 * How rows of {@code c} channels are cut into blocks for the kernels on gatun_quads.h, whose threads have four channels, and
 * those of pool.h: a block has up to 32 threads across, the rest of its 256 going down the rows, and there are as many blocks
 * across as cover the channels.
 */
record RowGrid(int threads, int threadRows, int across) {
    /** Rows of one tile that a thread has: gatun_quads.h counts on it. */
    private static final int ROWS = 8;

    private static final int BLOCK = 256;

    /**
     * About how many blocks sums over rows are cut into at most: two for each of 132 multiprocessors, which is what their
     * registers hold at a time (some 100 a thread), so all start at once, and one small launch adds their sums up.
     */
    private static final int MOST_BLOCKS = 264;

    /** For tiles of eight rows a thread. */
    static RowGrid tiles(long rows, int c) {
        return tiles(rows, c, 4);
    }

    /** For tiles of eight rows of so many channels a thread. */
    static RowGrid tiles(long rows, int c, int channels) {
        return single(Math.ceilDiv(rows, ROWS), c, channels);
    }

    /** For one row, or pixel, of so many channels a thread. */
    static RowGrid single(long rows, int c, int channels) {
        int across = Math.ceilDiv(c, channels);
        int threads = Math.min(32, across);
        int threadRows = Math.clamp(rows, 1, BLOCK / threads);
        return new RowGrid(threads, threadRows, Math.ceilDiv(across, threads));
    }

    /** Tiles that cover the rows. */
    long tilesOf(long rows) {
        return Math.ceilDiv(rows, (long) ROWS * threadRows);
    }

    /** Tiles that one block adds up: more than one where that makes more than {@link #MOST_BLOCKS} blocks of all samples. */
    int chunks(long rows, long samples) {
        long tiles = tilesOf(rows);
        return (int) Math.clamp(Math.ceilDiv(samples * tiles * across, MOST_BLOCKS), 1, tiles);
    }

    /** Blocks that add up the rows of one sample. */
    long bands(long rows, int chunks) {
        return Math.ceilDiv(tilesOf(rows), chunks);
    }

    /** Rows of a band but the last. */
    long bandRows(int chunks) {
        return (long) ROWS * threadRows * chunks;
    }

    Grid grid(long blocks) {
        return new Grid(Math.toIntExact(blocks), across, 1, threads, threadRows);
    }

    /** Null, or why a grid of so many blocks down the rows cannot be launched. */
    String refusal(long blocks) {
        if (blocks > Integer.MAX_VALUE || across > Grid.MOST_YZ) {
            return "more than 2^31 - 1 blocks of rows, or more than 8 million channels";
        }
        return null;
    }

    /** Blocks of 8 channels times 32 bands, for the sums over the bands. */
    static Grid finalizing(int c, long bands) {
        return new Grid(Math.ceilDiv(c, 8), 1, 1, 8, Math.clamp(bands, 1, 32));
    }
}
