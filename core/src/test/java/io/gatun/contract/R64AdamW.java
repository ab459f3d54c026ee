package io.gatun.contract;

import io.gatun.spec.AdamWSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One AdamW step by PyTorch's rule, within 4 ulp of the largest of the numbers that are added and their sum: where
 * they cancel, the rounding of each is many ulp of what is left.
 */
final class R64AdamW {
    private R64AdamW() {}

    static Map<String, Expected> expected(AdamWSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double lr = hyper[0];
        double[] params = in.get("params").clone();
        double[] m = in.get("m").clone();
        double[] v = in.get("v").clone();
        double[] unit = new double[count];
        double[] mUnit = new double[count];
        double[] reach = new double[count];
        for (int i = 0; i < count; i++) {
            double g = hyper[1] * in.get("grads")[i];
            double kept = s.beta1() * m[i];
            double added = (1 - (double) s.beta1()) * g;
            double mLargest = Math.max(Math.abs(kept), Math.abs(added));
            m[i] = kept + added;
            mUnit[i] = Expected.ulp(Math.max(mLargest, Math.abs(m[i])));
            v[i] = s.beta2() * v[i] + (1 - (double) s.beta2()) * g * g;
            if (Expected.overflows(v[i])) {
                v[i] = Double.POSITIVE_INFINITY; // as the float that it is kept in: the step is then 0
            }
            double decay = i < s.decayed() ? lr * s.weightDecay() * params[i] : 0;
            double denominator = Math.sqrt(v[i]) * hyper[3] + s.eps();
            double largest = Math.max(Math.abs(params[i]), hyper[2] * mLargest / denominator);
            reach[i] = Math.abs(params[i]) + Math.abs(g) + Math.abs(decay);
            params[i] = params[i] - decay - hyper[2] * m[i] / denominator;
            unit[i] = Expected.ulp(Math.max(largest, Math.abs(params[i])));
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 4.5 * unit[i]).reaching(i -> reach[i]));
        out.put("m", Expected.of(m, i -> 4.5 * mUnit[i]));
        out.put("v", Expected.ulps(v, 4));
        return out;
    }
}
