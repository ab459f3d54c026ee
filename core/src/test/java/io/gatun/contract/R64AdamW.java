package io.gatun.contract;

import io.gatun.spec.AdamWSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** One AdamW step by PyTorch's rule. */
final class R64AdamW {
    private R64AdamW() {}

    static Map<String, Expected> expected(AdamWSpec s, Inputs in) {
        int count = (int) s.count();
        double[] hyper = in.get("hyper");
        double lr = hyper[0];
        double[] params = in.get("params").clone();
        double[] m = in.get("m").clone();
        double[] v = in.get("v").clone();
        double[] terms = new double[count];
        double[] mTerms = new double[count];
        for (int i = 0; i < count; i++) {
            double g = hyper[1] * in.get("grads")[i];
            mTerms[i] = Math.abs(s.beta1() * m[i]) + (1 - (double) s.beta1()) * Math.abs(g);
            m[i] = s.beta1() * m[i] + (1 - (double) s.beta1()) * g;
            v[i] = s.beta2() * v[i] + (1 - (double) s.beta2()) * g * g;
            double decay = i < s.decayed() ? lr * s.weightDecay() * params[i] : 0;
            double denominator = Math.sqrt(v[i]) * hyper[3] + s.eps();
            terms[i] = Math.abs(params[i]) + Math.abs(decay) + hyper[2] * mTerms[i] / denominator;
            params[i] = params[i] - decay - hyper[2] * m[i] / denominator;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("params", Expected.of(params, i -> 6 * Expected.U * terms[i]));
        out.put("grads", Expected.exact(new double[count]));
        out.put("m", Expected.of(m, i -> 4 * Expected.U * mTerms[i]));
        out.put("v", Expected.of(v, i -> 6 * Expected.U * v[i]));
        return out;
    }
}
