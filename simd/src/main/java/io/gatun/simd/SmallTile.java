package io.gatun.simd;

/**
 * The innermost loops of {@link GemmSmall}: all rows of C that are whole tiles of {@code rows} x
 * {@code vectors}·{@link Lanes#COUNT}, one below the other, from one panel of B. As in {@link Micro}, A is read where it
 * lies, each element of C is one chain of fma with k ascending, and nothing is added to C.
 *
 * <p>The walk over the tiles is inside because the tiles are short: with k = 64 one takes 120 ns, and a call of
 * {@link Micro} for each lost 3 to 15 % of it, by how early the JVM had compiled it (64 cubed: 2.02 us in all JVMs so;
 * 2.01 or 2.3 to 2.4 with {@link Micro8x2}, the latter with {@code -XX:CompileThresholdScaling=0.1}). There are no segments
 * and offsets to keep beside the accumulators either, so that all else stays in registers.
 */
abstract class SmallTile {
    final int rows;
    final int vectors;

    SmallTile(int rows, int vectors) {
        this.rows = rows;
        this.vectors = vectors;
    }

    /** {@code tiles} tiles from the row at {@code a} on, to {@code c} and below. */
    abstract void run(Walk walk, long a, long b, long c, int tiles);

    /** Floats in a row of the tile. */
    final int width() {
        return vectors * Lanes.COUNT;
    }

    /** Bytes from a row of op(A), B and C to the next, from a column of op(A) to the next, and k. */
    record Walk(long aRow, long aStep, long bRow, long cRow, int k) {}
}
