package io.gatun.cuda.kernels;

import io.gatun.spec.GemmSpec;

/**
 * How a matrix product is cut, from its sizes alone.
 *
 * @param way which kernels
 * @param math what they multiply with
 * @param side of a tile of C; how many vectors the kernel has room for, where the way is not tiles
 * @param slice terms of a sum that a block adds up, a multiple of 64 if it is not all of k
 * @param slices how many there are; with more than one a second launch adds up
 */
record GemmPlan(Way way, GemmMath math, int side, int slice, int slices) {
    /** CUDA's limit for the grid's second dimension, where the slices are counted. */
    private static final int MOST_GRID_ROWS = 65_535;

    enum Way {
        /** Square tiles of C. */
        TILES,
        /** A few vectors with a matrix that lies along k: a warp for each of its rows. */
        DOTS,
        /** A few vectors with a matrix that lies across k: a thread for four of its columns. */
        COLUMNS
    }

    /** The tile for which the model of {@link GemmTuning} counts least, or a way for few vectors. */
    static GemmPlan of(GemmSpec spec, GemmMath math) {
        return Math.min(spec.m(), spec.n()) <= GemmTuning.FEW && math.bytes == 4
                ? vectors(spec)
                : tiles(spec, GemmTuning.of(math));
    }

    /** Tiles of this side with k cut in so many slices, or fewer where they would get too short for that. */
    static GemmPlan tiles(GemmSpec spec, GemmMath math, int side, int slices) {
        int slice = slice(spec.k(), slices);
        return new GemmPlan(Way.TILES, math, side, slice, slices(spec.k(), slice));
    }

    /** Whether A is the matrix that few vectors are multiplied with; else it is B. */
    static boolean vectorsWithA(GemmSpec spec) {
        return spec.n() <= spec.m();
    }

    private static GemmPlan tiles(GemmSpec spec, GemmTuning tuning) {
        GemmPlan best = null;
        double least = Double.POSITIVE_INFINITY;
        int most = Math.clamp(spec.k() / GemmTuning.LEAST_TILE_SLICE, 1, GemmTuning.MOST_SLICES);
        for (GemmTuning.Tile tile : tuning.tiles()) {
            for (int slices = 1; slices <= most; slices *= 2) {
                GemmPlan plan = tiles(spec, tuning.math(), tile.side(), slices);
                double cost = plan.cost(spec, tuning, tile);
                if (cost < least) {
                    least = cost;
                    best = plan;
                }
            }
        }
        return best;
    }

    /** Multiply-adds of the busiest processor, and what the second launch takes. */
    private double cost(GemmSpec spec, GemmTuning tuning, GemmTuning.Tile tile) {
        double blocks = (double) blocks(spec) * slices;
        double rounds = Math.ceil(blocks / GemmTuning.PROCESSORS);
        // 32 terms: the loads before the first multiplication and the stores behind the last.
        double first = rounds * side * side * (slice + 32.0) / tile.efficiency();
        double sums = (double) spec.batch() * spec.m() * spec.n() * slices / GemmTuning.PROCESSORS;
        return slices == 1 ? first : first + tuning.perLaunch() + sums * tuning.perPartial();
    }

    /** Tiles of C in the whole batch. */
    long blocks(GemmSpec spec) {
        return (long) Math.ceilDiv(spec.m(), side) * Math.ceilDiv(spec.n(), side) * spec.batch();
    }

    private static GemmPlan vectors(GemmSpec spec) {
        boolean withA = vectorsWithA(spec);
        boolean dots = withA ? !spec.transA() : spec.transB();
        int few = withA ? spec.n() : spec.m();
        long many = (long) (withA ? spec.m() : spec.n()) * spec.batch();
        // A lane of a dot adds every 32nd term up, a thread of a column all of them.
        int longest = dots ? 32 * GemmTuning.MOST_TERMS : GemmTuning.MOST_TERMS;
        int shortest = dots ? GemmTuning.LEAST_DOT_SLICE : GemmTuning.LEAST_COLUMN_SLICE;
        long warps = dots ? many : Math.ceilDiv(many, 128);
        int filling = (int) Math.min(Math.ceilDiv(GemmTuning.WARPS, Math.max(warps, 1)), spec.k() / shortest);
        int accurate = Math.min(Math.ceilDiv(spec.k(), longest), MOST_GRID_ROWS);
        int slices = Math.max(accurate, Math.min(filling, GemmTuning.MOST_SLICES));
        int slice = slice(spec.k(), slices);
        int room = few <= 1 ? 1 : few <= 2 ? 2 : few <= 4 ? 4 : 8;
        return new GemmPlan(dots ? Way.DOTS : Way.COLUMNS, GemmMath.F32, room, slice, slices(spec.k(), slice));
    }

    private static int slice(int k, int slices) {
        return slices <= 1 ? k : Math.ceilDiv(Math.ceilDiv(k, slices), 64) * 64;
    }

    private static int slices(int k, int slice) {
        return k == 0 ? 1 : Math.ceilDiv(k, slice);
    }
}
