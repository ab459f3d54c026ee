package io.gatun.contract;

import io.gatun.spec.AxpbySpec;
import java.util.Map;

/** alpha x + beta y. */
final class R64Axpby {
    private R64Axpby() {}

    static Map<String, Expected> expected(AxpbySpec spec, Inputs in) {
        double[] x = in.get("x");
        double[] out = new double[x.length];
        double[] terms = new double[x.length];
        for (int i = 0; i < out.length; i++) {
            double before = spec.beta() == 0 ? 0 : spec.beta() * in.get("y")[i];
            out[i] = spec.alpha() * x[i] + before;
            terms[i] = Math.abs(spec.alpha() * x[i]) + Math.abs(before);
        }
        return Map.of("y", in.exact ? Expected.exact(out) : Expected.of(out, i -> 2 * Expected.U * terms[i]));
    }
}
