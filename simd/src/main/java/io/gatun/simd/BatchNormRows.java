package io.gatun.simd;

/**
 * How the rows of a batch norm are cut: chunks of about 128 KB (they stay in a core's L2 for a second look), 64 to 1,024
 * rows, by the problem alone.
 */
record BatchNormRows(long rows, int c, int chunk, int chunks) {
    static BatchNormRows of(long rows, int c) {
        int chunk = Math.clamp(32 * 1024 / c, 64, 1024);
        return new BatchNormRows(rows, c, chunk, Math.toIntExact((rows + chunk - 1) / chunk));
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
