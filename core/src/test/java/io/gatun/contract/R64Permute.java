package io.gatun.contract;

import io.gatun.spec.PermuteSpec;
import java.util.Map;

/** dst's axis i is src's axis permutation[i]: walks dst in order and finds each element in src. */
final class R64Permute {
    private R64Permute() {}

    static Map<String, Expected> expected(PermuteSpec s, Inputs in) {
        double[] src = in.get("src");
        double[] dst = new double[src.length];
        int rank = s.shape().size();
        int[] index = new int[rank];
        for (int to = 0; to < dst.length; to++) {
            int left = to;
            for (int axis = rank - 1; axis >= 0; axis--) {
                int from = s.permutation().get(axis);
                index[from] = left % s.shape().get(from);
                left /= s.shape().get(from);
            }
            int from = 0;
            for (int axis = 0; axis < rank; axis++) {
                from = from * s.shape().get(axis) + index[axis];
            }
            dst[to] = src[from];
        }
        return Map.of("dst", Expected.bits(dst));
    }
}
