package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.SoftmaxSpec;
import java.util.Map;

/** Softmax and log-softmax row by row. */
final class R64Softmax {
    private R64Softmax() {}

    static Map<String, Expected> expected(SoftmaxSpec s, Inputs in) {
        return s.direction() == Direction.FORWARD ? forward(s, in) : backward(s, in);
    }

    private static Map<String, Expected> forward(SoftmaxSpec s, Inputs in) {
        double[] src = in.get("src");
        double[] dst = new double[src.length];
        double[] tolerance = new double[src.length];
        for (int row = 0; row < s.rows(); row++) {
            int from = row * s.cols();
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < s.cols(); j++) {
                max = Math.max(max, src[from + j]);
            }
            double sum = 0;
            for (int j = 0; j < s.cols(); j++) {
                sum += Math.exp(src[from + j] - max);
            }
            for (int j = 0; j < s.cols(); j++) {
                double below = src[from + j] - max;
                if (s.op() == SoftmaxSpec.Op.SOFTMAX) {
                    dst[from + j] = Math.exp(below) / sum;
                    tolerance[from + j] = 8.5 * Expected.ulp(dst[from + j]);
                } else {
                    dst[from + j] = below - Math.log(sum);
                    tolerance[from + j] = 8 * Expected.U * (Expected.size(below) + Math.log(sum) + 0.5);
                }
            }
        }
        return Map.of("dst", new Expected(dst, tolerance));
    }

    /** dst is y for softmax and log y for log-softmax. */
    private static Map<String, Expected> backward(SoftmaxSpec s, Inputs in) {
        double[] y = in.get("dst");
        double[] g = in.get("diffDst");
        double[] diffSrc = new double[y.length];
        double[] terms = new double[y.length];
        double[] reach = new double[y.length];
        boolean log = s.op() == SoftmaxSpec.Op.LOG_SOFTMAX;
        for (int row = 0; row < s.rows(); row++) {
            int from = row * s.cols();
            double sum = 0;
            double magnitude = 0;
            for (int j = from; j < from + s.cols(); j++) {
                double term = log ? g[j] : g[j] * y[j];
                sum += term;
                magnitude += Expected.size(term);
            }
            for (int j = from; j < from + s.cols(); j++) {
                double p = log ? Math.exp(y[j]) : y[j];
                diffSrc[j] = log ? g[j] - p * sum : p * (g[j] - sum);
                double weight = Expected.size(p);
                terms[j] = log ? Expected.size(g[j]) + weight * magnitude : weight * (Expected.size(g[j]) + magnitude);
                reach[j] = Math.max(terms[j], magnitude + Expected.size(g[j]));
            }
        }
        return Map.of("diffSrc", Expected.sums(diffSrc, terms, false).reaching(i -> reach[i]));
    }
}
