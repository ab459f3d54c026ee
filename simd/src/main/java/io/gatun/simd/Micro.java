package io.gatun.simd;

/**
 * The innermost loop of GEMM and of convolution: one tile of C, {@code rows} x {@code vectors}·{@link Lanes#COUNT},
 * summed over k in registers.
 *
 * <pre>
 *                        b, one step: vectors · COUNT floats in a row
 *                       +------------------------------+   + bStep for the next k
 *                       +------------------------------+
 *   a            a[r]   +------------------------------+
 *   a + aRow     a[r]   |  c[r][v] = fma(a[r], b[v], c[r][v]), one chain for each element, k ascending
 *   a + 2 aRow   a[r]   +------------------------------+
 *   + aStep for the next k
 * </pre>
 *
 * <p>A is read where it lies, one float a row and step, so it needs no packing: rows may be rows of a matrix, columns
 * of one, or neighbouring pixels of an image. k runs over {@code segments} stretches of {@code steps}; the stretch i
 * starts {@code offsets[i]} bytes from {@code a} (the taps of a convolution; GEMM has one), while b runs on.
 *
 * <p>All rows and vectors are computed and written: a caller with fewer gives memory that may be read and written
 * anyway. Nothing is added to c here, and zero is one vector, to keep these methods small: beyond some 80 vector
 * operations C1 gives up ("out of virtual registers"), and a method that it has compiled without profiling by then
 * never reaches C2. No element's sum depends on its neighbours, on the tile or on the vector width.
 */
abstract class Micro {
    /**
     * A mask that changes no address but tells C2 that what is read there is within {@code Raw.MEMORY}: the bounds checks
     * fold away, the distances of rows fold into the loads, and the loop's variables stay in registers (in memory, each
     * step waited 7 cycles for b: 93 of 138 GFLOP/s at 256 bits, now 135). Where C2 has 16 registers the checks of A must
     * stay: they keep each broadcast beside its FMAs, where without them it loads all first and then spills accumulators.
     */
    static final long ADDRESS = (1L << 62) - 1;

    /** What the distance of two rows of A must be below, in bytes: an offset that folds into the load is an int. */
    static final long STEP = (1L << 28) - 1;

    /** A mask for the distance of two rows that says as much of their sum with an address. */
    static final long DISTANCE = (1L << 40) - 1;

    final int rows;
    final int vectors;

    Micro(int rows, int vectors) {
        this.rows = rows;
        this.vectors = vectors;
    }

    /** c = a·b; {@code cRow} is the distance of the rows of c in bytes. */
    abstract void run(Strides strides, long a, long b, long c, long cRow);

    /** Floats in a row of the tile. */
    final int width() {
        return vectors * Lanes.COUNT;
    }

    /**
     * How a micro-kernel walks, in bytes.
     *
     * @param steps k of each segment, at least 1
     * @param offsets address of {@code segments} longs and one more, which is read and not used
     */
    record Strides(long aRow, long aStep, long bStep, long steps, int segments, long offsets) {}
}
