package io.gatun.simd;

import io.gatun.spec.Dims;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A permutation with as few axes as say the same: those of length 1 dropped, those that stay neighbours merged. NHWC to
 * NCHW becomes the transposition of N planes of HW x C.
 *
 * @param lengths the merged axes in src's order, at least one
 * @param order dst's axes as indices into {@code lengths}
 */
record MergedAxes(long[] lengths, int[] order) {
    static MergedAxes of(Dims shape, Dims permutation) {
        int[] longer =
                IntStream.range(0, shape.size()).filter(a -> shape.get(a) != 1).toArray();
        int[] perm = Arrays.stream(permutation.toArray())
                .filter(axis -> shape.get(axis) != 1)
                .map(axis -> Arrays.binarySearch(longer, axis))
                .toArray();
        if (perm.length == 0) {
            return new MergedAxes(new long[] {1}, new int[] {0});
        }
        int[] firsts = new int[perm.length];
        long[] products = new long[perm.length];
        int groups = 0;
        for (int i = 0; i < perm.length; i++) {
            long length = shape.get(longer[perm[i]]);
            if (i > 0 && perm[i] == perm[i - 1] + 1) {
                products[groups - 1] *= length;
            } else {
                firsts[groups] = perm[i];
                products[groups++] = length;
            }
        }
        int[] sorted = Arrays.copyOf(firsts, groups);
        Arrays.sort(sorted);
        int[] order = new int[groups];
        long[] lengths = new long[groups];
        for (int g = 0; g < groups; g++) {
            order[g] = Arrays.binarySearch(sorted, firsts[g]);
            lengths[order[g]] = products[g];
        }
        return new MergedAxes(lengths, order);
    }

    /** Elements between neighbours along each axis in src, or in dst. */
    long[] strides(boolean dst) {
        long[] strides = new long[lengths.length];
        long step = 1;
        for (int i = lengths.length - 1; i >= 0; i--) {
            int axis = dst ? order[i] : i;
            strides[axis] = step;
            step *= lengths[axis];
        }
        return strides;
    }
}
