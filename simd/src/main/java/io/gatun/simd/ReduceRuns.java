package io.gatun.simd;

import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;
import java.util.Arrays;

/**
 * A reduction with as few axes as say the same: those of length 1 dropped, neighbours that are both kept or both reduced
 * merged. So kept and reduced runs take turns: NCHW summed to C is reduced N, kept C, reduced HW.
 *
 * @param lengths from the outermost run, at least one
 * @param lastReduced whether the last one is reduced; so are the one before the one before it, and so on
 */
record ReduceRuns(long[] lengths, boolean lastReduced) {
    static ReduceRuns of(ReduceSpec spec) {
        Dims shape = spec.shape();
        long[] lengths = new long[shape.size() + 1];
        int runs = 0;
        boolean last = false;
        for (int axis = 0; axis < shape.size(); axis++) {
            if (shape.get(axis) == 1) {
                continue;
            }
            boolean reduced = spec.axes().contains(axis);
            if (runs > 0 && reduced == last) {
                lengths[runs - 1] *= shape.get(axis);
            } else {
                lengths[runs++] = shape.get(axis);
            }
            last = reduced;
        }
        if (runs == 0) {
            lengths[runs++] = 1;
            last = true;
        }
        return new ReduceRuns(Arrays.copyOf(lengths, runs), last);
    }

    /** What is left when the last run has been summed; not for a single run. */
    ReduceRuns withoutLast() {
        return new ReduceRuns(Arrays.copyOf(lengths, lengths.length - 1), !lastReduced);
    }

    /** Length of the last run. */
    long inner() {
        return lengths[lengths.length - 1];
    }

    /** How many runs of the last kind lie in memory. */
    long rows() {
        return Arrays.stream(lengths, 0, lengths.length - 1).reduce(1, (a, b) -> a * b);
    }

    boolean reduced(int run) {
        return lastReduced == ((lengths.length - 1 - run) % 2 == 0);
    }

    /** Elements from one index of a run to the next. */
    long stride(int run) {
        return Arrays.stream(lengths, run + 1, lengths.length).reduce(1, (a, b) -> a * b);
    }
}
