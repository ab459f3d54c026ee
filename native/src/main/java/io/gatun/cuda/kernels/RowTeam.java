package io.gatun.cuda.kernels;

/**
 * Who works on a row of softmax.cu and crossentropy.cu, by the row's length: a part of a warp whose lanes hold 4
 * columns each, a warp with 16 columns a lane, a block that holds the row, or one that reads it twice.
 *
 * @param kernels the end of the kernels' names
 * @param lanes threads that have a row
 */
record RowTeam(String kernels, Grid grid, int lanes) {
    private static final int FOURS = 4 * 32;
    private static final int SIXTEENS = 16 * 32;
    private static final int BLOCK = 256;
    private static final int REGISTERS = 16 * BLOCK;
    private static final int LONG_BLOCK = 512;

    static RowTeam of(long rows, int cols) {
        if (cols <= FOURS) {
            return lanes("rows4", rows, powerFrom(Math.ceilDiv(cols, 4)));
        }
        if (cols <= SIXTEENS) {
            return lanes("rows16", rows, 32);
        }
        return cols <= REGISTERS
                ? new RowTeam("block", Grid.blocks(rows, BLOCK), BLOCK)
                : new RowTeam("long", Grid.blocks(rows, LONG_BLOCK), LONG_BLOCK);
    }

    private static RowTeam lanes(String kernels, long rows, int lanes) {
        return new RowTeam(kernels, grid(rows, lanes), lanes);
    }

    /** Of whole warps, none of them idle where the problem is small; at most 256 threads a block. */
    static Grid grid(long rows, int lanes) {
        long threads = Math.min(BLOCK, Math.ceilDiv(rows * lanes, 32L) * 32);
        return Grid.blocks(Math.ceilDiv(rows * lanes, threads), (int) threads);
    }

    /** The first power of two that is not below {@code n}, 1 for 0. */
    static int powerFrom(long n) {
        return n <= 1 ? 1 : (int) (Long.highestOneBit(n - 1) << 1);
    }

    /** Whether a row is within one warp, whose kernels are told of the last row. */
    boolean ofLanes() {
        return lanes <= 32;
    }
}
