package io.gatun.cuda.kernels;

import io.gatun.spec.ConvSpec;
import java.util.List;

/**
 * Which kernels a convolution is cut into, and how: all the numbers that a GPU's measurements may change. Every choice is
 * by the problem alone, so that sums and their bits are the same on every GPU.
 */
final class ConvTiles {
    /**
     * A tile of the implicit GEMM, m x n results a block: for products of so many columns (rows, backward weights) that give
     * each multiprocessor so many blocks.
     */
    record Tile(String name, int m, int n, int threads, int from, int to, int each) {
        long blocks(long rows, long columns) {
            return Math.ceilDiv(rows, m) * Math.ceilDiv(columns, n);
        }
    }

    /** How the pixels of a backward pass are divided: {@code count} parts of {@code length}, the last maybe shorter. */
    record Splits(int count, int length) {}

    /**
     * With fewer blocks than multiprocessors a smaller tile keeps more of them busy: an H200 has 132. The same whatever the
     * device has, for the same bits; {@code -Dgatun.cuda.conv.blocks} sets another number.
     */
    private static final int MULTIPROCESSORS = 132;

    private static final int ANY = Integer.MAX_VALUE;

    /**
     * Forward and backward data: the narrowest that has all channels, for a column of tiles without channels is time for
     * nothing; from 64 on the larger one where it has enough blocks. The first that fits is taken.
     */
    private static final List<Tile> PLAIN_IMAGES = List.of(
            new Tile("128x16", 128, 16, 128, 1, 16, 0),
            new Tile("128x32", 128, 32, 128, 1, 32, 0),
            new Tile("128x64", 128, 64, 128, 1, ANY, 2),
            new Tile("64x64", 64, 64, 128, 1, ANY, 0));

    /** Backward weights, by the filters of a group. */
    private static final List<Tile> PLAIN_FILTERS =
            List.of(new Tile("128x64", 128, 64, 128, 65, ANY, 0), new Tile("64x64", 64, 64, 128, 1, ANY, 0));

    /** Tensor cores: a half empty tile of 128 has no more results than one of 64. */
    private static final List<Tile> TENSOR_IMAGES =
            List.of(new Tile("128", 128, 128, 256, 65, ANY, 1), new Tile("64", 64, 64, 128, 1, ANY, 0));

    private static final List<Tile> TENSOR_FILTERS =
            List.of(new Tile("128", 128, 128, 256, 65, ANY, 0), new Tile("64", 64, 64, 128, 1, ANY, 0));

    /** Blocks that backward weights is cut into: four on each multiprocessor, and 16 MiB of sums in scratch at most. */
    private static final long WEIGHT_BLOCKS = 528;

    /** Pixels that are worth a block: the second pass adds 4 bytes a split and element. */
    private static final int LEAST_SPLIT = 512;

    /** Blocks of 256 threads that the direct kernels' sums over pixels are cut into, and pixels of one. */
    private static final long DIRECT_BLOCKS = 1_056;

    private static final int LEAST_DIRECT_SPLIT = 256;

    /** Two steps of the tile loop, one of 16 bits: splits are multiples of it, so that only the last has an end within a step. */
    private static final int STEP = 32;

    /** Channels of a group up to which a tile would be mostly empty and one thread a result is faster. */
    private static final int DIRECT_CHANNELS = 8;

    /** Taps x channels of which the direct kernel has the weights of 32 channels in 32 KB of shared memory. */
    private static final int DIRECT_DEPTH = 256;

    private ConvTiles() {}

    /** Forward or backward data by the direct kernel. */
    static boolean direct(ConvSpec s, int kc, int nc) {
        return s.groups() > 1 && nc <= DIRECT_CHANNELS && (long) s.kh() * s.kw() * kc <= DIRECT_DEPTH;
    }

    /** Backward weights by the direct kernel. */
    static boolean directWeights(ConvSpec s) {
        return s.groups() > 1 && s.oc() / s.groups() <= DIRECT_CHANNELS && s.ic() / s.groups() <= DIRECT_CHANNELS;
    }

    /**
     * The tile of forward or backward data.
     *
     * @param pixels rows of the product, of one phase
     * @param channels its columns, of one group
     * @param times how many such products there are: groups and phases
     */
    static Tile images(ConvMath math, long pixels, int channels, long times) {
        return first(math == ConvMath.F32 ? PLAIN_IMAGES : TENSOR_IMAGES, channels, pixels, channels, times);
    }

    /**
     * The tile of backward weights.
     *
     * @param filters rows of the product, of one group
     * @param columns taps x channels of a group
     */
    static Tile filters(ConvMath math, int filters, long columns) {
        return first(math == ConvMath.F32 ? PLAIN_FILTERS : TENSOR_FILTERS, filters, filters, columns, 1);
    }

    private static Tile first(List<Tile> tiles, int size, long rows, long columns, long times) {
        long busy = Integer.getInteger("gatun.cuda.conv.blocks", MULTIPROCESSORS);
        for (Tile tile : tiles) {
            if (size >= tile.from && size <= tile.to && tile.blocks(rows, columns) * times >= tile.each * busy) {
                return tile;
            }
        }
        return tiles.getLast();
    }

    static Splits splits(long pixels, long blocks) {
        return splits(pixels, Math.ceilDiv(WEIGHT_BLOCKS, blocks), LEAST_SPLIT);
    }

    static Splits directSplits(long pixels, long blocks) {
        return splits(pixels, Math.ceilDiv(DIRECT_BLOCKS, blocks), LEAST_DIRECT_SPLIT);
    }

    private static Splits splits(long pixels, long wanted, int least) {
        long count = Math.clamp(wanted, 1, Math.ceilDiv(pixels, least));
        long length = Math.ceilDiv(Math.ceilDiv(pixels, count), STEP) * STEP;
        return new Splits(Math.toIntExact(Math.ceilDiv(pixels, length)), Math.toIntExact(length));
    }
}
