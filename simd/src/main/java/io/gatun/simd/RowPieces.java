package io.gatun.simd;

/**
 * Rows cut into pieces of whole rows, each of about as many elements as an {@link Elementwise} kernel's.
 *
 * @param rows of the matrix
 * @param rowsPerPiece of all pieces but the last, at least 1
 */
record RowPieces(long rows, long rowsPerPiece) {
    static RowPieces of(long rows, int cols) {
        return new RowPieces(rows, Math.max(1, Elementwise.piece(rows * cols) / Math.max(1, cols)));
    }

    int count() {
        return Math.toIntExact(Math.ceilDiv(rows, rowsPerPiece));
    }

    long first(int piece) {
        return piece * rowsPerPiece;
    }

    /** The row behind a piece's last. */
    long end(int piece) {
        return Math.min(rows, first(piece + 1));
    }
}
