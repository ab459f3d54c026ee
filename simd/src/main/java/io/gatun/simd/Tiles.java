package io.gatun.simd;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * The blocking of one instruction set: which micro-kernel serves a panel of 1, 2, … vectors of C.
 *
 * @param name for {@code implementation()}: {@code avx512}, {@code 256 bit}
 */
record Tiles(String name, List<Micro> micros) {
    /** 32 registers at 512 bits; 16 are assumed below that, as AVX2 has them. Measured: see the micro-kernels. */
    static final Tiles HERE = Lanes.COUNT == 16
            ? new Tiles("avx512", List.of(new Micro12x1(), new Micro8x2(), new Micro6x3(), new Micro5x4()))
            : new Tiles(Lanes.F.vectorBitSize() + " bit", List.of(new Micro10x1(), new Micro5x2()));

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
