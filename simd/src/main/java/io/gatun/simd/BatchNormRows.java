package io.gatun.simd;

/**
 * How the rows of a batch norm are cut into pieces, by the problem alone: 512 KB where there is much, because a thread
 * that claims pieces of 32 KB in turn with another reads L3 at two thirds of the speed (8 MB: 64 us against 38); an
 * eighth of what is small.
 */
record BatchNormRows(long rows, int c, int piece, int pieces) {
    private static final long SMALLEST = 64 * 1024;
    private static final long LARGEST = 512 * 1024;

    static BatchNormRows of(long rows, int c) {
        long bytes = Math.clamp(rows * c * 4 / 8, SMALLEST, LARGEST);
        int unit = 4 * folded(c);
        long piece = Math.max(1, bytes / (4L * c * unit)) * unit;
        return new BatchNormRows(rows, c, (int) piece, Math.toIntExact((rows + piece - 1) / piece));
    }

    /** Rows that are read as one of 64 channels: of 16 channels four. 1 where 64 is no multiple. */
    int folded() {
        return folded(c);
    }

    private static int folded(int c) {
        return 64 % c == 0 ? 64 / c : 1;
    }

    /** Channels times {@link #folded}: sums that are kept apart. */
    int lanes() {
        return c * folded();
    }

    /** Rows in piece {@code index}. */
    int length(int index) {
        return (int) Math.min(piece, rows - (long) index * piece);
    }

    /**
     * The piece that the second pass does {@code index}th: each of {@code stretches} stretches of neighbouring pieces,
     * one a thread, from its last to its first, so that a core begins with what it has read last. With pieces claimed
     * in turn, and all from the last to the first, the whole took 1.08 to 1.10 times as long at 2 MB forward, 1.01 to
     * 1.04 at 4 and 8 MB, 1.02 to 1.06 backward, and the same at 51 MB.
     */
    int backwards(int index, int stretches) {
        int stretch = 0;
        while (end(stretch, stretches) <= index) {
            stretch++;
        }
        return end(stretch - 1, stretches) + end(stretch, stretches) - 1 - index;
    }

    /** Where a stretch of pieces ends, as in {@link io.gatun.parallel.Workers#runApart}. */
    private int end(int stretch, int stretches) {
        return (int) ((stretch + 1L) * pieces / stretches);
    }

    /** Bytes before piece {@code index}. */
    long offset(int index) {
        return (long) index * piece * c * 4;
    }
}
