package io.gatun.simd;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * The blocking of one instruction set: which micro-kernel serves a panel of 1, 2, … vectors of C. What decides is the
 * number of registers, not their width.
 *
 * @param name for {@code implementation()}: {@code avx512}, {@code 256 bit}
 * @param micros for panels of 1, 2, … vectors
 * @param main vectors of a panel of GEMM, where a panel may be of any width
 * @param few for what is left of the rows of such a panel, if that is no more; or null
 */
record Tiles(String name, List<Micro> micros, int main, Micro few) {
    /**
     * Measured on Zen 5 with B in L1, in GFLOP/s of 277 (138 at 256 bits): with 32 registers 12x1 217 (114), 8x2 265 (135),
     * 6x3 265 (135), 5x4 265 (136); with 16 registers 10x1 (87), 5x2 (92 to 127), and those above (35 to 65), as they spill.
     *
     * <p>GEMM takes 8x2 as far as it can: 0.94 to 1.02 of oneDNN on one core for n = 256 to 2048, where 5x4 has 0.89 to 0.98.
     * In C with its A and B in L2 all of 8x2, 12x2, 14x2, 6x3, 8x3, 5x4 and 6x4 reach 0.97 to 0.99 of the peak, so no taller tile
     * is worth its registers.
     */
    static final Tiles HERE = Lanes.REGISTERS == 32
            ? new Tiles(
                    Lanes.COUNT == 16 ? "avx512" : Lanes.F.vectorBitSize() + " bit",
                    List.of(new Micro12x1(), new Micro8x2(), new Micro6x3(), new Micro5x4()),
                    2,
                    new Micro4x2())
            : new Tiles(
                    Lanes.F.vectorBitSize() + " bit, 16 registers", List.of(new Micro10x1(), new Micro5x2()), 2, null);

    /** Rows of the tallest tile: what a copy of A must have behind its last row. */
    static final int TALLEST = 12;

    /** Floats of the largest tile. */
    static final int LARGEST = 5 * 4 * 16;

    /** The offsets of a GEMM: one segment, at 0. */
    static final long NO_OFFSET = zero();

    private static long zero() {
        long address = Arena.global().allocate(16, 8).address();
        Pack.zero(address, 4);
        return address;
    }

    /** The kernel for panels of this many vectors. */
    Micro micro(int vectors) {
        return micros.get(vectors - 1);
    }

    /** Vectors in a full panel. */
    int widest() {
        return micros.size();
    }
}
