package io.gatun.contract;

import io.gatun.spec.CrossEntropySpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** Mean of log(sum exp(x)) - x_target over the rows that count. */
final class R64CrossEntropy {
    private static final double U = Expected.U;

    private R64CrossEntropy() {}

    static Map<String, Expected> expected(CrossEntropySpec s, Inputs in) {
        double[] x = in.get("logits");
        double[] targets = in.get("targets");
        double[] diff = new double[x.length];
        double[] tolerance = new double[x.length];
        int counted = 0;
        for (double target : targets) {
            counted += target == s.ignoreIndex() ? 0 : 1;
        }
        double loss = 0;
        double terms = 0;
        for (int row = 0; row < s.rows(); row++) {
            int target = (int) targets[row];
            if (target == s.ignoreIndex()) {
                continue;
            }
            int from = row * s.cols();
            double max = Double.NEGATIVE_INFINITY;
            for (int j = from; j < from + s.cols(); j++) {
                max = Math.max(max, x[j]);
            }
            double sum = 0;
            for (int j = from; j < from + s.cols(); j++) {
                sum += Math.exp(x[j] - max);
            }
            double below = x[from + target] - max;
            loss += Math.log(sum) - below;
            terms += Math.log(sum) + Math.abs(below) + 0.5;
            for (int j = 0; j < s.cols(); j++) {
                double p = Math.exp(x[from + j] - max) / sum;
                int one = j == target ? 1 : 0;
                diff[from + j] = (p - one) / counted;

                tolerance[from + j] = 16 * U * (p + one) / counted;
            }
        }
        double scale = terms / Math.max(1, counted);
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("loss", Expected.of(new double[] {counted == 0 ? Double.NaN : loss / counted}, i -> 16 * U * scale));
        if (s.gradient()) {
            out.put("diffLogits", new Expected(diff, tolerance));
        }
        return out;
    }
}
