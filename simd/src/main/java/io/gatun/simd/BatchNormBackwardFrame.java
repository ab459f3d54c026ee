package io.gatun.simd;

import io.gatun.spec.BatchNormSpec;

/**
 * Where the operands of a batch norm's backward pass stand in its frame (src is 0, dst 1 if there is one), and what its
 * scratch holds: a table of sums for each piece (mean, sum of g, sum of g (src - mean)), two doubles a lane, the table of
 * factors (mean, a, b, d), then the ReLU's bits.
 */
record BatchNormBackwardFrame(
        BatchNormRows cut,
        BatchNormTable sums,
        BatchNormTable factors,
        boolean relu,
        boolean residual,
        int diffDst,
        int gamma,
        int mean,
        int diffSrc,
        int diffGamma,
        int scratch) {

    static BatchNormBackwardFrame of(BatchNormSpec spec) {
        int diffDst = spec.relu() ? 2 : 1;
        int diffSrc = diffDst + 4;
        int diffGamma = diffSrc + (spec.residual() ? 2 : 1);
        BatchNormRows cut = BatchNormRows.of(spec.rows(), spec.c());
        return new BatchNormBackwardFrame(
                cut,
                new BatchNormTable(cut.lanes(), 3),
                new BatchNormTable(cut.lanes(), 4),
                spec.relu(),
                spec.residual(),
                diffDst,
                diffDst + 1,
                diffDst + 2,
                diffSrc,
                diffGamma,
                diffGamma + 2);
    }

    long scratchBytes() {
        return bits() + (relu ? cut.pieces() * bitsOfPiece() : 0);
    }

    /** The table of sums of a piece. */
    long sums(long[] frame, int piece) {
        return frame[scratch] + piece * sums.bytes();
    }

    /** The sums of all pieces: of g, then of the products. */
    long doubles(long[] frame) {
        return frame[scratch] + cut.pieces() * sums.bytes();
    }

    long factors(long[] frame) {
        return doubles(frame) + 16L * cut.lanes();
    }

    /** An int for each vector of each pair of rows, the bits of one row above those of the other. */
    long bits(long[] frame, int piece) {
        return frame[scratch] + bits() + piece * bitsOfPiece();
    }

    private long bits() {
        return cut.pieces() * sums.bytes() + 16L * cut.lanes() + factors.bytes();
    }

    private long bitsOfPiece() {
        return 4L * (rows(cut.piece()) / 2 + 1) * (sums.whole() / Lanes.COUNT);
    }

    /** Rows of {@link BatchNormRows#lanes}. */
    int rows(int length) {
        return length / cut.folded();
    }

    /** Bytes of half the rows of a piece. */
    long half(int piece) {
        return rows(cut.length(piece)) / 2 * 4L * cut.lanes();
    }
}
