package io.gatun.cuda.kernels;

import io.gatun.spec.ReduceSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Any set of axes as sums over the middle of three: neighbours of one kind are one axis, and each kept axis
 * between two others costs a step.
 */
final class ReduceSteps {
    /** From [outer, reduced, inner] to [outer, inner]. */
    record Step(long outer, long reduced, long inner) {}

    private record Axis(long extent, boolean gone) {}

    private ReduceSteps() {}

    /** At least one; the innermost axes go first, for what they leave is the least. */
    static List<Step> of(ReduceSpec spec) {
        if (spec.reduced() == 0) {
            return List.of(new Step(spec.kept(), 0, 1));
        }
        List<Axis> axes = new ArrayList<>();
        for (int i = 0; i < spec.shape().size(); i++) {
            add(axes, new Axis(spec.shape().get(i), spec.axes().contains(i)));
        }
        List<Step> steps = new ArrayList<>();
        int last = lastGone(axes);
        while (last >= 0) {
            steps.add(new Step(
                    product(axes.subList(0, last)),
                    axes.get(last).extent(),
                    product(axes.subList(last + 1, axes.size()))));
            List<Axis> left = new ArrayList<>();
            for (int i = 0; i < axes.size(); i++) {
                if (i != last) {
                    add(left, axes.get(i));
                }
            }
            axes = left;
            last = lastGone(axes);
        }
        return steps.isEmpty() ? List.of(new Step(spec.kept(), 1, 1)) : steps;
    }

    private static void add(List<Axis> axes, Axis next) {
        if (next.extent() == 1) {
            return;
        }
        if (!axes.isEmpty() && axes.getLast().gone() == next.gone()) {
            Axis before = axes.removeLast();
            axes.add(new Axis(before.extent() * next.extent(), next.gone()));
        } else {
            axes.add(next);
        }
    }

    private static int lastGone(List<Axis> axes) {
        for (int i = axes.size() - 1; i >= 0; i--) {
            if (axes.get(i).gone()) {
                return i;
            }
        }
        return -1;
    }

    private static long product(List<Axis> axes) {
        return axes.stream().mapToLong(Axis::extent).reduce(1, (a, b) -> a * b);
    }
}
