package io.gatun.contract;

import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.Reduction;
import java.util.LinkedHashMap;
import java.util.Map;

/** −Σ u log softmax(x) a row, u being the target's weight of each class; see {@link CrossEntropySpec}. */
final class R64CrossEntropy {
    private static final double U = Expected.U;

    private R64CrossEntropy() {}

    /** A row's u; null if it does not count. */
    private static double[] weights(CrossEntropySpec s, Inputs in, int row) {
        double[] targets = in.get("targets");
        double[] u = new double[s.cols()];
        if (!s.probabilities() && targets[row] == s.ignoreIndex()) {
            return null;
        }
        for (int c = 0; c < s.cols(); c++) {
            double target = s.probabilities() ? targets[row * s.cols() + c] : targets[row] == c ? 1 : 0;
            double w = s.weighted() ? in.get("weights")[c] : 1;
            u[c] = w * ((1 - (double) s.smoothing()) * target + (double) s.smoothing() / s.cols());
        }
        return u;
    }

    private static double divisor(CrossEntropySpec s, Inputs in) {
        if (s.reduction() != Reduction.MEAN) {
            return 1;
        }
        double sum = 0;
        for (int row = 0; row < s.rows(); row++) {
            double target = in.get("targets")[s.probabilities() ? 0 : row];
            boolean counts = s.probabilities() || target != s.ignoreIndex();
            sum += !counts ? 0 : s.probabilities() || !s.weighted() ? 1 : in.get("weights")[(int) target];
        }
        return sum;
    }

    static Map<String, Expected> expected(CrossEntropySpec s, Inputs in) {
        double[] x = in.get("logits");
        double[] diff = new double[x.length];
        double[] tolerance = new double[x.length];
        double[] losses = new double[(int) s.rows()];
        double[] sizes = new double[losses.length];
        double divisor = divisor(s, in);
        double all = 0;
        double terms = 0;
        for (int row = 0; row < s.rows(); row++) {
            double[] u = weights(s, in, row);
            if (u == null) {
                continue;
            }
            int from = row * s.cols();
            double max = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < s.cols(); c++) {
                max = Math.max(max, x[from + c]);
            }
            double sum = 0;
            double share = 0;
            for (int c = 0; c < s.cols(); c++) {
                sum += Math.exp(x[from + c] - max);
                share += u[c];
            }
            double log = Math.log(sum);
            losses[row] = s.logProbabilities() ? 0 : share * log;
            sizes[row] = s.logProbabilities() ? 0 : share * (Math.abs(log) + 0.5);
            for (int c = 0; c < s.cols(); c++) {
                double below = s.logProbabilities() ? x[from + c] : x[from + c] - max;
                losses[row] -= u[c] == 0 ? 0 : u[c] * below;
                sizes[row] += u[c] == 0 ? 0 : u[c] * Math.abs(below);
                double p = s.logProbabilities() ? 0 : Math.exp(x[from + c] - max) / sum;
                diff[from + c] = (p * share - u[c]) / divisor;
                // A denormal exponential has no more digits than that.
                tolerance[from + c] = (16 * U * (p * share + u[c]) + 0x1p-148 * share) / divisor;
            }
            all += losses[row];
            terms += sizes[row];
        }
        double scale = terms / (divisor == 0 ? 1 : divisor);
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put(
                "loss",
                s.reduction() == Reduction.NONE
                        ? Expected.of(losses, i -> 16 * U * sizes[i])
                        : Expected.of(new double[] {all / divisor}, i -> 16 * U * scale));
        if (s.gradient()) {
            out.put("diffLogits", new Expected(diff, tolerance));
        }
        return out;
    }
}
