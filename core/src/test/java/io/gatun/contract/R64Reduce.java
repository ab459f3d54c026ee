package io.gatun.contract;

import io.gatun.spec.ReduceSpec;
import java.util.Map;

/** Each source element into the result its kept coordinates name. */
final class R64Reduce {
    private R64Reduce() {}

    static Map<String, Expected> expected(ReduceSpec s, Inputs in) {
        double[] src = in.get("src");
        double[] dst = new double[(int) s.kept()];
        double[] terms = new double[dst.length];
        int rank = s.shape().size();
        int[] index = new int[rank];
        for (double value : src) {
            int to = 0;
            for (int axis = 0; axis < rank; axis++) {
                if (!s.axes().contains(axis)) {
                    to = to * s.shape().get(axis) + index[axis];
                }
            }
            double term = s.op() == ReduceSpec.Op.SUM_SQUARES ? value * value : value;
            dst[to] += term;
            terms[to] += Expected.size(term);
            for (int axis = rank - 1; axis >= 0 && ++index[axis] == s.shape().get(axis); axis--) {
                index[axis] = 0;
            }
        }
        if (s.op() == ReduceSpec.Op.MEAN) {
            for (int i = 0; i < dst.length; i++) {
                dst[i] /= s.reduced();
                terms[i] /= s.reduced();
            }
        }
        // A mean's sum gets as far as its terms together, before it is divided.
        double sums = s.op() == ReduceSpec.Op.MEAN ? s.reduced() : 1;
        return Map.of("dst", Expected.sums(dst, terms, in.exact).reaching(i -> sums * terms[i]));
    }
}
