package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.ReduceSpec;
import java.util.List;

/**
 * Sums over any axes, as steps over the middle of [outer, reduced, inner], of which most problems have one. A step
 * is one launch, or two where its results alone would be too few blocks to read the source at the memory's speed:
 * a sum over each piece of the middle first, and then over the pieces.
 */
public final class Reductions {
    private static final int THREADS = 256;

    /** A row that one warp adds up, 8 quadruples a lane at most. */
    private static final int SHORT = 1_024;

    /** Blocks that a GPU of some 130 multiprocessors should get, at four of them each. */
    private static final int ENOUGH = 512;

    /** Numbers of a piece that one thread adds up, at least and at most: the chains of float sums stay this short. */
    private static final int LEAST = 8;

    private static final int MOST = 64;

    /** Threads across the columns of a second pass: few, for its rows are few and in the cache. */
    private static final int ACROSS_PIECES = 8;

    private final Recipe recipe;
    private final ReduceSpec spec;
    private long scratch;

    private Reductions(Recipe recipe, ReduceSpec spec) {
        this.recipe = recipe;
        this.spec = spec;
    }

    public static Offer offer(CudaContext context, ReduceSpec spec) {
        Reductions reductions = new Reductions(Recipe.of(context, "reduce", "cuda:reduce"), spec);
        if (spec.kept() > 0) {
            reductions.steps(ReduceSteps.of(spec));
        }
        return Offer.of(reductions.recipe.scratch(reductions.scratch).build());
    }

    /** Squares are taken where the source is read, and a mean is made at the end. */
    private void steps(List<ReduceSteps.Step> steps) {
        Arg src = Arg.operand(0);
        for (int i = 0; i < steps.size(); i++) {
            ReduceSteps.Step step = steps.get(i);
            boolean last = i == steps.size() - 1;
            Arg dst = last ? Arg.operand(1) : take(step.outer() * step.inner());
            boolean squares = i == 0 && spec.op() == ReduceSpec.Op.SUM_SQUARES;
            step(step, src, dst, squares, last && spec.op() == ReduceSpec.Op.MEAN);
            src = dst;
        }
    }

    private Arg take(long floats) {
        Arg taken = Arg.scratch(scratch);
        scratch += Math.ceilDiv(4 * floats, 64) * 64;
        return taken;
    }

    private void step(ReduceSteps.Step step, Arg src, Arg dst, boolean squares, boolean mean) {
        if (step.inner() == 1 && step.reduced() <= SHORT) {
            rows(step, src, dst, squares, mean);
            return;
        }
        int across = step.inner() == 1 ? 1 : across(step);
        long tiles = Math.ceilDiv(step.inner(), across);
        long length = pieceLength(step, tiles, THREADS / across);
        long pieces = Math.ceilDiv(step.reduced(), length);
        if (pieces == 1) {
            launch(step, src, dst, across, 1, length, squares, mean);
            return;
        }
        Arg partial = take(step.outer() * pieces * step.inner());
        launch(step, src, partial, across, pieces, length, squares, false);
        ReduceSteps.Step second = new ReduceSteps.Step(step.outer(), pieces, step.inner());
        if (step.inner() == 1 && pieces <= SHORT) {
            rows(second, partial, dst, false, mean);
        } else {
            launch(second, partial, dst, Math.min(across, ACROSS_PIECES), 1, pieces, false, mean);
        }
    }

    /** Threads across the columns: whole lines of 32 where there are so many, more where there are few rows to add. */
    private static int across(ReduceSteps.Step step) {
        int few = THREADS / Math.min(THREADS, RowTeam.powerFrom(step.reduced()));
        return Math.min(RowTeam.powerFrom(Math.min(step.inner(), THREADS)), Math.max(32, few));
    }

    /** By the sizes alone: the longest that gives {@link #ENOUGH} blocks. */
    private static long pieceLength(ReduceSteps.Step step, long tiles, int down) {
        long length = (long) MOST * down;
        while (length > (long) LEAST * down && step.outer() * tiles * Math.ceilDiv(step.reduced(), length) < ENOUGH) {
            length /= 2;
        }
        return length;
    }

    private void rows(ReduceSteps.Step step, Arg src, Arg dst, boolean squares, boolean mean) {
        int lanes = Math.min(32, RowTeam.powerFrom(Math.ceilDiv(step.reduced(), 4)));
        recipe.launch(
                "gatun_reduce_rows_f32",
                RowTeam.grid(step.outer(), lanes),
                src,
                dst,
                Arg.i64(step.outer()),
                Arg.i32((int) step.reduced()),
                Arg.i32(lanes),
                flag(squares),
                flag(mean),
                Arg.i64(spec.reduced()));
    }

    private void launch(
            ReduceSteps.Step step,
            Arg src,
            Arg dst,
            int across,
            long pieces,
            long length,
            boolean squares,
            boolean mean) {
        if (step.inner() == 1) {
            recipe.launch(
                    "gatun_reduce_pieces_f32",
                    Grid.blocks(step.outer() * pieces, THREADS),
                    src,
                    dst,
                    Arg.i64(step.reduced()),
                    Arg.i32((int) pieces),
                    Arg.i64(length),
                    flag(squares),
                    flag(mean),
                    Arg.i64(spec.reduced()));
            return;
        }
        long tiles = Math.ceilDiv(step.inner(), across);
        recipe.launch(
                "gatun_reduce_columns_f32",
                Grid.blocks(step.outer() * pieces * tiles, THREADS),
                src,
                dst,
                Arg.i64(step.reduced()),
                Arg.i64(step.inner()),
                Arg.i32(across),
                Arg.i32((int) tiles),
                Arg.i32((int) pieces),
                Arg.i64(length),
                flag(squares),
                flag(mean),
                Arg.i64(spec.reduced()));
    }

    private static Arg flag(boolean value) {
        return FlatSweep.flag(value);
    }
}
