package io.gatun.cuda.kernels;

import io.gatun.memory.Scope;
import java.util.Arrays;

/**
 * Indices in the order of their values, equal ones in that of their positions, made by the kernels of sort.cu in scratch
 * memory: an entry, as gatun_sort.h has it, is 8 bytes. Indices outside of the vocabulary are reported and come last.
 */
record SortedIndices(long count, int vocabulary) {
    /** Threads of a block; as many values has a pass's digit at most. */
    private static final int THREADS = 512;

    /** Indices that a block takes at a time. */
    private static final int TILE = 4 * THREADS;

    /** Blocks at most: each reads the counts of all. Not measured. */
    private static final int MOST_STRIPS = 128;

    /** An index. */
    private static final int ENTRY = 8;

    /** Bits of the largest number sorted, the vocabulary, which indices outside become. */
    private int bits() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(vocabulary);
    }

    private int passes() {
        return Math.ceilDiv(bits(), Integer.numberOfTrailingZeros(THREADS));
    }

    /** Values of a digit: the passes have as few bits each as they can. */
    private int digits() {
        return 1 << Math.ceilDiv(bits(), passes());
    }

    private long strips() {
        return Math.min(MOST_STRIPS, Math.ceilDiv(count, TILE));
    }

    /** Bytes of scratch memory, from 0 on. */
    long bytes() {
        return at(Math.min(passes(), 2));
    }

    /** Where sorted entries lie, of two places that passes fill in turn; the counts are before them. */
    private long at(int place) {
        return Scope.aligned(Integer.BYTES * strips() * digits()) + place * Scope.aligned(ENTRY * count);
    }

    /** Adds the launches that sort operand 0. */
    Arg sort(Recipe recipe, Arg report, Arg code) {
        Arg counts = Arg.scratch(0);
        long tiles = Math.ceilDiv(Math.ceilDiv(count, TILE), strips());
        Grid grid = Grid.blocks(Math.ceilDiv(count, tiles * TILE), THREADS);
        Arg from = Arg.none();
        for (int pass = 0; pass < passes(); pass++) {
            Arg to = Arg.scratch(at(pass % 2));
            Arg[] source = {
                Arg.operand(0),
                from,
                Arg.i64(count),
                Arg.i32(vocabulary),
                Arg.i32(pass * Integer.numberOfTrailingZeros(digits())),
                Arg.i32(digits()),
                Arg.i64(tiles * TILE)
            };
            recipe.module("sort")
                    .launch("gatun_sort_count", grid, and(source, counts, report, code))
                    .launch("gatun_sort_scatter", grid, and(source, counts, to));
            from = to;
        }
        return from;
    }

    private static Arg[] and(Arg[] first, Arg... others) {
        Arg[] all = Arrays.copyOf(first, first.length + others.length);
        System.arraycopy(others, 0, all, first.length, others.length);
        return all;
    }
}
