package io.gatun.cuda.kernels;

import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.EmbeddingSpec;

/**
 * The gradient of an embedding's table. With few indices one launch, in which each looks for its equals; else they are
 * sorted, and a warp adds up a row's gradients in the order of their positions, 128 at most: a row with more is cut into
 * pieces of so many, which another launch adds up in their order. Sizes alone choose, and the indices cut, so the bits are
 * the same each time, and the reference's for rows that are not cut.
 */
final class EmbeddingGradient {
    /**
     * Gradients that one warp adds up in a row, as in embedding_backward.cu, and indices from which on sorting is worth its
     * launches: with fewer each warp reads all of them, in four steps at most, and no row is long. Not measured.
     */
    private static final int PIECE = 128;

    /** Sorted indices of a warp, as in embedding_backward.cu. Not measured. */
    private static final int SPAN = 8;

    /** Columns of a warp, four of each lane. */
    private static final int TILE = 128;

    private static final int WARPS = 4;
    private static final int JOINING_WARPS = 8;

    private EmbeddingGradient() {}

    /** With gradients of rows in this storage; {@code report} and {@code code} are for an index outside of the vocabulary. */
    static Offer offer(Recipe recipe, EmbeddingSpec spec, DType storage, Arg report, Arg code) {
        long tiles = Math.ceilDiv(spec.dim(), TILE);
        if (tiles > Grid.MOST_YZ || spec.count() > Integer.MAX_VALUE) {
            return Offer.refused("more than 2^31 - 1 indices, or more than 8 million columns");
        }
        if (spec.count() <= PIECE) {
            return Offer.of(recipe.module("embedding_backward")
                    .launch(
                            "gatun_embedding_few_" + storage.word(),
                            grid(spec.count(), tiles),
                            Arg.operand(0),
                            Arg.operand(1),
                            Arg.operand(2),
                            Arg.i32((int) spec.count()),
                            Arg.i32(spec.vocabulary()),
                            Arg.i32(spec.dim()),
                            report,
                            code)
                    .build());
        }
        SortedIndices sorted = new SortedIndices(spec.count(), spec.vocabulary());
        Arg entries = sorted.sort(recipe, report, code);
        Arg partials = Arg.scratch(sorted.bytes());
        recipe.scratch(sorted.bytes() + Float.BYTES * Math.ceilDiv(spec.count(), PIECE) * spec.dim())
                .module("embedding_backward")
                .launch(
                        "gatun_embedding_pieces_" + storage.word(),
                        grid(Math.ceilDiv(spec.count(), SPAN), tiles),
                        entries,
                        Arg.operand(1),
                        Arg.operand(2),
                        partials,
                        Arg.i64(spec.count()),
                        Arg.i32(spec.vocabulary()),
                        Arg.i32(spec.dim()))
                .launch(
                        "gatun_embedding_join",
                        Grid.blocks(Math.ceilDiv(spec.count() - PIECE, PIECE), tiles, 32 * JOINING_WARPS),
                        entries,
                        partials,
                        Arg.operand(2),
                        Arg.i32((int) spec.count()),
                        Arg.i32(spec.vocabulary()),
                        Arg.i32(spec.dim()));
        return Offer.of(recipe.build());
    }

    /** A warp for each of so many things and each tile of columns. */
    private static Grid grid(long things, long tiles) {
        return Grid.blocks(Math.ceilDiv(things, WARPS), tiles, 32 * WARPS);
    }
}
