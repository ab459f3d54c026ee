package io.gatun.contract;

import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import java.util.Map;

/** act(alpha op(A) op(B) + bias + beta C), three loops. */
final class R64Gemm {
    private R64Gemm() {}

    static Map<String, Expected> expected(GemmSpec spec, Inputs in) {
        double[] a = in.get("a");
        double[] b = in.get("b");
        double[] biases = spec.bias() ? in.get("bias") : null;
        int size = (int) spec.operands().getLast().elements();
        // Gaps between rows keep what they held; C is only read for beta != 0.
        double[] c = in.has("c") ? in.get("c").clone() : new double[size];
        double[] tolerance = new double[size];
        double[] reach = new double[size];
        Activation act = spec.activation();
        for (int batch = 0; batch < spec.batch(); batch++) {
            for (int i = 0; i < spec.m(); i++) {
                for (int j = 0; j < spec.n(); j++) {
                    double sum = 0;
                    double terms = 0;
                    for (int k = 0; k < spec.k(); k++) {
                        long atA = batch * spec.strideA()
                                + (spec.transA() ? (long) k * spec.lda() + i : (long) i * spec.lda() + k);
                        long atB = batch * spec.strideB()
                                + (spec.transB() ? (long) j * spec.ldb() + k : (long) k * spec.ldb() + j);
                        double product = a[(int) atA] * b[(int) atB];
                        sum += product;
                        terms += Expected.size(product);
                    }
                    int at = (int) (batch * spec.strideC() + (long) i * spec.ldc() + j);
                    double before = spec.beta() == 0 ? 0 : spec.beta() * c[at];
                    double bias = spec.bias() ? biases[j] : 0;
                    double scaled = spec.k() == 0 ? 0 : spec.alpha() * sum;
                    double result = scaled + bias + before;
                    double rest = Expected.size(bias) + Expected.size(before);
                    // alpha may be applied to the factors or to the sum.
                    reach[at] = reach(act, Math.max(1, Math.abs(spec.alpha())) * terms + rest);
                    terms = Math.abs(spec.alpha()) * terms + rest;
                    c[at] = R64Activation.apply(act, result);
                    tolerance[at] = in.exact
                            ? 0
                            : Expected.SUM * Expected.U * terms * R64Activation.slope(act)
                                    + R64Activation.ulps(act) * Expected.ulp(c[at]);
                }
            }
        }
        return Map.of("c", new Expected(c, tolerance, reach));
    }

    /** Behind an activation an overflow on the way may look like any number: tanh(Inf) is 1. */
    static double reach(Activation act, double terms) {
        return Expected.overflows(terms) && !act.equals(Activation.IDENTITY) ? Double.NaN : terms;
    }
}
