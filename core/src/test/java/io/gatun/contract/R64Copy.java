package io.gatun.contract;

import io.gatun.spec.CopySpec;
import java.util.Map;

/** Walks the indices like the digits of a number and moves one element at each. */
final class R64Copy {
    private R64Copy() {}

    static Map<String, Expected> expected(CopySpec s, Inputs in) {
        double[] src = in.get("src");
        double[] dst = in.has("dst")
                ? in.get("dst").clone()
                : new double[(int) s.operands().get(1).elements()];
        int rank = s.shape().size();
        int[] index = new int[rank];
        for (long left = s.shape().product(); left > 0; left--) {
            int from = 0;
            int to = 0;
            for (int axis = 0; axis < rank; axis++) {
                from += index[axis] * s.srcStrides().get(axis);
                to += index[axis] * s.dstStrides().get(axis);
            }
            dst[to] = s.add() ? dst[to] + src[from] : src[from];
            for (int axis = rank - 1; axis >= 0 && ++index[axis] == s.shape().get(axis); axis--) {
                index[axis] = 0;
            }
        }
        return Map.of("dst", Expected.bits(dst));
    }
}
