package io.gatun.simd;

/**
 * How the rows of a batch norm are cut: chunks of about 128 KB (they stay in a core's L2 for a second look), 64 to 1,024
 * rows, by the problem alone.
 */
record BatchNormChunks(long rows, int c, int chunk, int chunks) {
    static BatchNormChunks of(long rows, int c) {
        int chunk = Math.clamp(32 * 1024 / c, 64, 1024);
        return new BatchNormChunks(rows, c, chunk, Math.toIntExact((rows + chunk - 1) / chunk));
    }

    /**
     * Whether a chunk's sums go along its rows and lie in L1, instead of down strips of channels and lie in registers: strips
     * are faster where the caches hold all (backward, 8,192 x 64: 0.07 ms against 0.12), rows where memory is to be read in
     * order (200,704 x 64: 6.6 ms against 8.5; 12,544 x 512: 4.2 against 5.3). The bits are the same.
     */
    boolean across() {
        return c > 512 || c >= 64 && rows * c * 4 > 8_000_000;
    }

    /** Rows in chunk {@code index}. */
    int length(int index) {
        return (int) Math.min(chunk, rows - (long) index * chunk);
    }

    /** Bytes before chunk {@code index}. */
    long offset(int index) {
        return (long) index * chunk * c * 4;
    }
}
