package io.gatun.simd;

/**
 * How the rows of a batch norm are cut into pieces, by the problem alone: 512 KB where there is much, because a thread
 * that claims pieces of 32 KB in turn with another reads L3 at two thirds of the speed (8 MB: 64 us against 38); an eighth
 * of what is small.
 *
 * <p>Threads claim pieces in turn. A stretch of its own for each thread, in the second pass from its end back, made the whole
 * 1.01 to 1.10 times as fast where it ran again and again within L3, but 131,072 x 16 with a residual only 0.90 (three JVMs of
 * each) where a copy ran in between, as other layers do in a step.
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

    /** Bytes before piece {@code index}. */
    long offset(int index) {
        return (long) index * piece * c * 4;
    }
}
