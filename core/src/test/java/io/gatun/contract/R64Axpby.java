package io.gatun.contract;

import io.gatun.spec.AxpbySpec;
import java.math.BigDecimal;
import java.util.Map;

/** alpha x + beta y: one rounding where beta y is exact, else one of beta y and one of the sum, as of an fma. */
final class R64Axpby {
    private R64Axpby() {}

    static Map<String, Expected> expected(AxpbySpec spec, Inputs in) {
        double[] x = in.get("x");
        double[] out = new double[x.length];
        double[] rounding = new double[x.length];
        for (int i = 0; i < out.length; i++) {
            double before = spec.beta() == 0 ? 0 : spec.beta() * in.get("y")[i];
            boolean exact = before == (float) before || Double.isNaN(before);
            double product = spec.alpha() * x[i];
            out[i] = spec.beta() == 0 ? product : exact ? sum(product, before) : product + before;
            rounding[i] = exact ? 0 : Expected.U * Expected.size(before) + Expected.ulp(out[i]) / 2;
        }
        return Map.of("y", Expected.of(out, i -> in.exact ? 0 : rounding[i]));
    }

    /** Rounded to a float once: through a double, some would be rounded twice. */
    private static double sum(double product, double before) {
        if (!Double.isFinite(product) || !Double.isFinite(before)) {
            return product + before;
        }
        return new BigDecimal(product).add(new BigDecimal(before)).floatValue();
    }
}
