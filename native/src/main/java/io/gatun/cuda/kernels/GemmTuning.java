package io.gatun.cuda.kernels;

import java.util.List;

/**
 * What the choice between the GEMM kernels rests on. None of it was measured yet: the figures are counted from the kernels'
 * loads and from an H100's data sheet. {@code processors} is a constant and not the device's number, so that every device
 * cuts sums alike.
 *
 * @param math what multiplies
 * @param tiles the tiles there are
 * @param perPartial multiply-adds in whose time one processor writes and reads again a raw sum of a slice: 8 bytes at
 *     some 40 bytes a clock
 * @param perLaunch multiply-adds in whose time a second launch starts, some 3 µs
 */
record GemmTuning(GemmMath math, List<Tile> tiles, double perPartial, double perLaunch) {
    /**
     * One kernel.
     *
     * @param side rows and columns of C that a block computes; it has two threads a row
     * @param efficiency share of a processor's multiply-adds that it reaches with enough blocks
     */
    record Tile(int side, double efficiency) {}

    /** Blocks beyond the first this many wait for a processor, or share one. */
    static final int PROCESSORS = 128;

    /** With at most this many rows or columns C is a few vectors' products with a matrix, which is read once. */
    static final int FEW = 8;

    /** Warps that fill {@link #PROCESSORS} for loads from memory: 16 each. */
    static final int WARPS = 2_048;

    /** What a slice of k has at least where slices are only for filling the device, by way. */
    static final int LEAST_TILE_SLICE = 256;

    static final int LEAST_DOT_SLICE = 1_024;
    static final int LEAST_COLUMN_SLICE = 64;

    /** Terms that one fp32 accumulator may add up: 24 u off at worst for terms of one sign. As FOLD in gemm.cu. */
    static final int MOST_TERMS = 1_024;

    static final int MOST_SLICES = 64;

    private static final GemmTuning F32 = new GemmTuning(
            GemmMath.F32, List.of(new Tile(128, 0.9), new Tile(64, 0.75), new Tile(32, 0.5)), 25, 650_000);
    private static final GemmTuning TF32 =
            new GemmTuning(GemmMath.TF32, List.of(new Tile(128, 0.6), new Tile(64, 0.45)), 200, 5_200_000);
    private static final GemmTuning NARROW =
            new GemmTuning(GemmMath.BF16, List.of(new Tile(128, 0.6), new Tile(64, 0.4)), 400, 10_400_000);

    static GemmTuning of(GemmMath math) {
        return switch (math) {
            case F32 -> F32;
            case TF32 -> TF32;
            case BF16, F16 -> new GemmTuning(math, NARROW.tiles, NARROW.perPartial, NARROW.perLaunch);
        };
    }
}
