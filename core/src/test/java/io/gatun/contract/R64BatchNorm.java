package io.gatun.contract;

import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import java.util.LinkedHashMap;
import java.util.Map;

/** Batch normalization channel by channel, by the two-pass definition of the variance. */
final class R64BatchNorm {
    private static final double U = Expected.U;

    private R64BatchNorm() {}

    static Map<String, Expected> expected(BatchNormSpec s, Inputs in) {
        return s.pass() == Pass.BACKWARD ? backward(s, in) : forward(s, in);
    }

    private static Map<String, Expected> forward(BatchNormSpec s, Inputs in) {
        int c = s.c();
        int rows = (int) s.rows();
        double[] src = in.get("src");
        boolean training = s.pass() == Pass.TRAINING;
        double[] mean = training ? new double[c] : in.get("runningMean");
        double[] invStd = new double[c];
        double[] runningMean = in.get("runningMean").clone();
        double[] runningVar = in.get("runningVar").clone();
        double[] meanTerms = new double[c];
        for (int k = 0; k < c; k++) {
            double var = runningVar[k];
            if (training) {
                for (int r = 0; r < rows; r++) {
                    mean[k] += src[r * c + k] / rows;
                    meanTerms[k] += Math.abs(src[r * c + k]) / rows;
                }
                double squares = 0;
                for (int r = 0; r < rows; r++) {
                    double d = src[r * c + k] - mean[k];
                    squares += d * d;
                }
                var = squares / rows;
                runningMean[k] += s.momentum() * (mean[k] - runningMean[k]);
                runningVar[k] += s.momentum() * (squares / (rows - 1) - runningVar[k]);
            }
            invStd[k] = 1 / Math.sqrt(var + s.eps());
        }
        double[] dst = new double[rows * c];
        double[] tolerance = new double[rows * c];
        for (int i = 0; i < dst.length; i++) {
            int k = i % c;
            double normal = in.get("gamma")[k] * (src[i] - mean[k]) * invStd[k];
            double residual = s.residual() ? in.get("residual")[i] : 0;
            double y = normal + in.get("beta")[k] + residual;
            dst[i] = s.relu() && y <= 0 ? 0 : y;
            // The mean is a float too: what it is rounded by is divided by sd.
            double shift = U * Math.abs(mean[k]) * invStd[k];
            tolerance[i] = 6e-7 * (Math.abs(normal) + Math.abs(in.get("beta")[k]) + Math.abs(residual))
                    + 4 * Math.abs(in.get("gamma")[k]) * shift
                    + Math.abs(normal) * shift * shift;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", new Expected(dst, tolerance));
        if (training) {
            double[] before = in.get("runningMean");
            double[] beforeVar = in.get("runningVar");
            out.put("mean", Expected.of(mean, k -> Expected.SUM * U * meanTerms[k]));
            out.put("invStd", Expected.of(invStd, k -> {
                double shift = U * Math.abs(mean[k]) * invStd[k];
                return invStd[k] * (16 * U + shift * shift);
            }));
            out.put(
                    "runningMean",
                    Expected.of(runningMean, k -> Expected.SUM * U * (Math.abs(before[k]) + meanTerms[k])));
            out.put("runningVar", Expected.of(runningVar, k -> {
                double shift = U * Math.abs(mean[k]);
                return Expected.SUM * U * (Math.abs(beforeVar[k]) + runningVar[k]) + 2 * shift * shift;
            }));
        }
        return out;
    }

    /** diffSrc = gamma invStd (g - mean g - x^ mean(g x^)), g the gradient behind the ReLU. */
    private static Map<String, Expected> backward(BatchNormSpec s, Inputs in) {
        int c = s.c();
        int rows = (int) s.rows();
        double[] src = in.get("src");
        double[] gamma = in.get("gamma");
        double[] mean = in.get("mean");
        double[] invStd = in.get("invStd");
        double[] g = in.get("diffDst").clone();
        if (s.relu()) {
            for (int i = 0; i < g.length; i++) {
                g[i] *= in.get("dst")[i] > 0 ? 1 : 0;
            }
        }
        double[] diffGamma = new double[c];
        double[] diffBeta = new double[c];
        double[] gammaTerms = new double[c];
        double[] betaTerms = new double[c];
        for (int i = 0; i < g.length; i++) {
            int k = i % c;
            double normal = (src[i] - mean[k]) * invStd[k];
            diffGamma[k] += g[i] * normal;
            diffBeta[k] += g[i];
            gammaTerms[k] += Math.abs(g[i]) * (Math.abs(normal) + U * Math.abs(mean[k]) * invStd[k]);
            betaTerms[k] += Math.abs(g[i]);
        }
        double[] diffSrc = new double[rows * c];
        double[] terms = new double[rows * c];
        for (int i = 0; i < g.length; i++) {
            int k = i % c;
            double normal = (src[i] - mean[k]) * invStd[k];
            diffSrc[i] = gamma[k] * invStd[k] * (g[i] - diffBeta[k] / rows - normal * diffGamma[k] / rows);
            terms[i] = Math.abs(gamma[k] * invStd[k])
                            * (Math.abs(g[i]) + betaTerms[k] / rows + Math.abs(normal) * gammaTerms[k] / rows)
                    // Three terms, each rounded on its own where all are subnormal.
                    + 2 * 0x1p-149 / (Expected.SUM * U);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("diffSrc", Expected.sums(diffSrc, terms, false));
        if (s.residual()) {
            out.put("diffResidual", Expected.exact(g));
        }
        out.put("diffGamma", Expected.of(diffGamma, k -> 5e-6 * gammaTerms[k]));
        out.put("diffBeta", Expected.of(diffBeta, k -> 5e-6 * betaTerms[k]));
        return out;
    }
}
