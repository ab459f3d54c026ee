package io.gatun.simd;

import io.gatun.spec.GroupNormSpec;

/**
 * How a sample of a group norm is cut, by the problem alone. Its pixels are read as longer rows of {@code lanes} floats, a
 * multiple of 16 and 64 at least, so that 3 channels fill vectors too: lane l is channel l mod c. The pixels that fill no
 * such row are the sample's {@code left} last floats, lanes 0 and on. Rows are summed in pieces of 64 KB.
 *
 * <p>A slot of scratch memory holds a sample's tables, of a number for each lane: {@value #TABLES} of the sample (the mean
 * first), then two sums of each piece behind {@value #HEAD} floats of addresses.
 *
 * @param rows of lanes
 * @param piece rows of all pieces but the last
 */
record GroupNormCut(int c, int lanes, long rows, int left, int piece, int pieces) {
    private static final int TABLES = 4;
    private static final int HEAD = 16;
    private static final int NARROWEST = 64;

    static GroupNormCut of(GroupNormSpec spec) {
        int c = spec.c();
        int fold = 16 / Math.min(16, Integer.lowestOneBit(c));
        while (c * fold < NARROWEST) {
            fold *= 2;
        }
        int lanes = Math.multiplyExact(c, fold);
        long rows = spec.hw() / fold;
        int piece = Math.max(1, Elementwise.PIECE / lanes);
        int pieces = Math.toIntExact(Math.max(1, Math.ceilDiv(rows, piece)));
        return new GroupNormCut(c, lanes, rows, (int) (spec.hw() % fold) * c, piece, pieces);
    }

    /** Rows of a piece. */
    int length(int index) {
        return (int) Math.min(piece, rows - (long) index * piece);
    }

    /** Bytes before a piece in its sample. */
    long offset(int index) {
        return (long) index * piece * lanes * 4;
    }

    /** Bytes before the floats that fill no row, which the last piece has. */
    long leftOffset() {
        return rows * lanes * 4;
    }

    boolean last(int index) {
        return index == pieces - 1;
    }

    long slotBytes() {
        return 4L * (TABLES * lanes + (long) pieces * (HEAD + 2 * lanes));
    }

    long table(long slot, int which) {
        return slot + 4L * which * lanes;
    }

    /** Addresses that a piece's loop needs, as longs. */
    long head(long slot, int index) {
        return table(slot, TABLES) + 4L * index * (HEAD + 2 * lanes);
    }

    /** A piece's first sums; the second follow. */
    long sums(long slot, int index) {
        return head(slot, index) + 4 * HEAD;
    }
}
