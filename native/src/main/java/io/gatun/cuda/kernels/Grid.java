package io.gatun.cuda.kernels;

/**
 * How many blocks of how many threads a kernel is launched with. It depends on the problem alone, never on the device:
 * so do the sums, and with them the bits.
 *
 * @param threads of a block along x
 * @param threadRows of a block along y, 1 for most kernels
 */
public record Grid(int x, int y, int z, int threads, int threadRows) {
    /**
     * Most blocks of a grid-stride loop. 132 multiprocessors hold 1,056 blocks of 256 threads at a time: eight rounds of
     * them even out the end, and more would only pay for starting blocks.
     */
    public static final int MOST_BLOCKS = 8_192;

    private static final int MOST_THREADS = 1_024;
    static final int MOST_YZ = 65_535;

    public Grid {
        if (x < 1
                || y < 1
                || z < 1
                || y > MOST_YZ
                || z > MOST_YZ
                || threads < 1
                || threadRows < 1
                || threads * threadRows > MOST_THREADS) {
            throw new IllegalArgumentException("cannot launch " + x + "x" + y + "x" + z + " blocks of " + threads
                    + "x" + threadRows + " threads: an empty problem launches nothing, y and z go to " + MOST_YZ
                    + ", threads to "
                    + MOST_THREADS);
        }
    }

    /** Blocks of one row of threads. */
    public Grid(int x, int y, int z, int threads) {
        this(x, y, z, threads, 1);
    }

    /** One thread an item, up to {@link #MOST_BLOCKS} blocks: the kernel goes on by grid strides. */
    public static Grid of(long items, int threads) {
        return blocks(Math.min(MOST_BLOCKS, Math.ceilDiv(items, threads)), threads);
    }

    public static Grid blocks(long x, int threads) {
        return blocks(x, 1, 1, threads);
    }

    public static Grid blocks(long x, long y, int threads) {
        return blocks(x, y, 1, threads);
    }

    public static Grid blocks(long x, long y, long z, int threads) {
        return new Grid(Math.toIntExact(x), Math.toIntExact(y), Math.toIntExact(z), threads);
    }
}
