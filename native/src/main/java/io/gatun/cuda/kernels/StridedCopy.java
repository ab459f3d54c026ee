package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * One launch that moves elements from strided places to strided places: what copies and permutations have in common. Axes are
 * put in the order of dst, merged where two are one, and told to the kernel from the innermost outwards.
 */
record StridedCopy(boolean add, List<Axis> axes, long count) {
    /** An axis of more than one element. */
    record Axis(long size, long src, long dst) {}

    /** As many as the kernels have parameters for. */
    private static final int MOST_AXES = 8;

    /** A tile of 32 x 32 pays from this size of both axes on: of smaller ones most threads of it would idle. */
    private static final int TILED = 16;

    private static final int TILE = 32;

    /** The axes may be given in any order; those of one element do not matter. */
    static StridedCopy of(boolean add, List<Axis> given) {
        long count = given.stream().mapToLong(Axis::size).reduce(1, Math::multiplyExact);
        List<Axis> sorted =
                new ArrayList<>(given.stream().filter(axis -> axis.size() > 1).toList());
        sorted.sort(Comparator.comparingLong(Axis::dst));
        List<Axis> merged = new ArrayList<>();
        for (Axis outer : sorted) {
            Axis inner = merged.isEmpty() ? null : merged.getLast();
            if (inner != null
                    && outer.src() == inner.src() * inner.size()
                    && outer.dst() == inner.dst() * inner.size()) {
                merged.set(merged.size() - 1, new Axis(inner.size() * outer.size(), inner.src(), inner.dst()));
            } else {
                merged.add(outer);
            }
        }
        if (merged.isEmpty()) {
            merged.add(new Axis(1, 1, 1));
        }
        return new StridedCopy(add, merged, count);
    }

    /** From operand 0 to operand 1. */
    Offer offer(CudaContext context, String implementation, DType storage) {
        return offer(context, implementation, storage, count);
    }

    /** As for so many indices: more than 2^31 are divided in 64 bits. */
    Offer offer(CudaContext context, String implementation, DType storage, long indices) {
        if (axes.size() > MOST_AXES) {
            return Offer.refused(
                    "copies along " + axes.size() + " axes that cannot be merged; " + MOST_AXES + " at most");
        }
        Recipe recipe = Recipe.of(context, Pointwise.module("copy", storage), implementation);
        if (count > 0) {
            int across = across();
            if (across > 0) {
                transpose(recipe, across, storage, indices);
            } else {
                elements(recipe, storage, indices);
            }
        }
        return Offer.of(recipe.build());
    }

    /** The axis along which src is to be read where dst's innermost is not: the one with src's smallest stride, or 0. */
    private int across() {
        int best = 0;
        for (int k = 1; k < axes.size(); k++) {
            long stride = axes.get(k).src();
            if (stride > 0
                    && axes.get(k).size() >= TILED
                    && stride < axes.get(best).src()) {
                best = k;
            }
        }
        return axes.getFirst().size() >= TILED ? best : 0;
    }

    private void elements(Recipe recipe, DType storage, long indices) {
        Axis inner = axes.getFirst();
        boolean four = inner.src() == 1
                && inner.dst() == 1
                && inner.size() % 4 == 0
                && axes.stream().skip(1).allMatch(axis -> axis.src() % 4 == 0 && axis.dst() % 4 == 0);
        List<Arg> arguments = new ArrayList<>(List.of(
                Arg.operand(0),
                Arg.operand(1),
                Arg.i64(count),
                Arg.i32(add ? 1 : 0),
                Arg.i32(four ? 1 : 0),
                Arg.i32(axes.size())));
        arguments.addAll(arguments(axes, indices));
        recipe.launch(
                "gatun_copy_" + storage.word(),
                Pointwise.grid(four ? count : 4 * count),
                arguments.toArray(Arg[]::new));
    }

    private void transpose(Recipe recipe, int across, DType storage, long indices) {
        List<Axis> order = new ArrayList<>(axes);
        Collections.rotate(order.subList(1, across + 1), 1);
        long tiles0 = Math.ceilDiv(order.get(0).size(), TILE);
        long tiles1 = Math.ceilDiv(order.get(1).size(), TILE);
        long tiles = order.stream().skip(2).mapToLong(Axis::size).reduce(tiles0 * tiles1, Math::multiplyExact);
        List<Arg> arguments = new ArrayList<>(List.of(Arg.operand(0), Arg.operand(1), Arg.i32(add ? 1 : 0)));
        arguments.addAll(List.of(Divisor.of(tiles0, indices).arguments()));
        arguments.addAll(List.of(Divisor.of(tiles1, indices).arguments()));
        arguments.add(Arg.i32(order.size()));
        arguments.addAll(arguments(order, indices));
        recipe.launch("gatun_transpose_" + storage.word(), Grid.blocks(tiles, 256), arguments.toArray(Arg[]::new));
    }

    /** Five for each of the axes, and of as many more as the kernels ask for. */
    private static List<Arg> arguments(List<Axis> axes, long indices) {
        List<Arg> arguments = new ArrayList<>();
        for (int k = 0; k < MOST_AXES; k++) {
            Axis axis = k < axes.size() ? axes.get(k) : new Axis(1, 0, 0);
            arguments.addAll(List.of(Divisor.of(axis.size(), indices).arguments()));
            arguments.add(Arg.i64(axis.src()));
            arguments.add(Arg.i64(axis.dst()));
        }
        return arguments;
    }
}
