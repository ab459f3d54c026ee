package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.ReduceSpec;
import java.util.ArrayList;
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

    /** Numbers in memory, of a type: what is between two launches is float. */
    private record Numbers(Arg where, DType type) {}

    private final Recipe recipe;
    private final ReduceSpec spec;
    private final Numbers src;
    private final Numbers dst;
    private long scratch;

    private Reductions(Recipe recipe, ReduceSpec spec, DType from, DType to) {
        this.recipe = recipe;
        this.spec = spec;
        this.src = new Numbers(Arg.operand(0), from);
        this.dst = new Numbers(Arg.operand(1), to);
    }

    public static Offer offer(CudaContext context, ReduceSpec spec) {
        return offer(context, spec, DType.F32, false);
    }

    /** Of numbers in this storage; with {@code wide} the results are float. */
    static Offer offer(CudaContext context, ReduceSpec spec, DType storage, boolean wide) {
        Recipe recipe = Recipe.of(context, "reduce", "cuda:reduce");
        Reductions reductions = new Reductions(recipe, spec, storage, wide ? DType.F32 : storage);
        if (spec.kept() > 0) {
            reductions.steps(ReduceSteps.of(spec));
        }
        return Offer.of(reductions.recipe.scratch(reductions.scratch).build());
    }

    /** Squares are taken where the source is read, and a mean is made at the end. */
    private void steps(List<ReduceSteps.Step> steps) {
        Numbers from = src;
        for (int i = 0; i < steps.size(); i++) {
            ReduceSteps.Step step = steps.get(i);
            boolean last = i == steps.size() - 1;
            Numbers to = last ? dst : take(step.outer() * step.inner());
            boolean squares = i == 0 && spec.op() == ReduceSpec.Op.SUM_SQUARES;
            step(step, from, to, squares, last && spec.op() == ReduceSpec.Op.MEAN);
            from = to;
        }
    }

    private Numbers take(long floats) {
        Numbers taken = new Numbers(Arg.scratch(scratch), DType.F32);
        scratch += Math.ceilDiv(4 * floats, 64) * 64;
        return taken;
    }

    private void step(ReduceSteps.Step step, Numbers from, Numbers to, boolean squares, boolean mean) {
        if (step.inner() == 1 && step.reduced() <= SHORT) {
            rows(step, from, to, squares, mean);
            return;
        }
        int across = step.inner() == 1 ? 1 : across(step);
        long tiles = Math.ceilDiv(step.inner(), across);
        long length = pieceLength(step, tiles, THREADS / across);
        long pieces = Math.ceilDiv(step.reduced(), length);
        if (pieces == 1) {
            launch(step, from, to, across, 1, length, squares, mean);
            return;
        }
        Numbers partial = take(step.outer() * pieces * step.inner());
        launch(step, from, partial, across, pieces, length, squares, false);
        ReduceSteps.Step second = new ReduceSteps.Step(step.outer(), pieces, step.inner());
        if (step.inner() == 1 && pieces <= SHORT) {
            rows(second, partial, to, false, mean);
        } else {
            launch(second, partial, to, Math.min(across, ACROSS_PIECES), 1, pieces, false, mean);
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

    /** A kernel's launch, with what it takes besides the numbers. */
    private void launch(String kernel, Grid grid, Numbers from, Numbers to, Arg... others) {
        String types = from.type == to.type ? from.type.word() : from.type.word() + "_" + to.type.word();
        DType narrower = from.type == DType.F32 ? to.type : from.type;
        List<Arg> arguments = new ArrayList<>(List.of(from.where, to.where));
        arguments.addAll(List.of(others));
        recipe.module(narrower == DType.F32 ? "reduce" : "reduce_" + narrower.word())
                .launch("gatun_reduce_" + kernel + "_" + types, grid, arguments.toArray(Arg[]::new));
    }

    private void rows(ReduceSteps.Step step, Numbers from, Numbers to, boolean squares, boolean mean) {
        int lanes = Math.min(32, RowTeam.powerFrom(Math.ceilDiv(step.reduced(), 4)));
        launch(
                "rows",
                RowTeam.grid(step.outer(), lanes),
                from,
                to,
                Arg.i64(step.outer()),
                Arg.i32((int) step.reduced()),
                Arg.i32(lanes),
                flag(squares),
                flag(mean),
                Arg.i64(spec.reduced()));
    }

    private void launch(
            ReduceSteps.Step step,
            Numbers from,
            Numbers to,
            int across,
            long pieces,
            long length,
            boolean squares,
            boolean mean) {
        if (step.inner() == 1) {
            launch(
                    "pieces",
                    Grid.blocks(step.outer() * pieces, THREADS),
                    from,
                    to,
                    Arg.i64(step.reduced()),
                    Arg.i32((int) pieces),
                    Arg.i64(length),
                    flag(squares),
                    flag(mean),
                    Arg.i64(spec.reduced()));
            return;
        }
        long tiles = Math.ceilDiv(step.inner(), across);
        launch(
                "columns",
                Grid.blocks(step.outer() * pieces * tiles, THREADS),
                from,
                to,
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
