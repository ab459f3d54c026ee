package io.gatun.contract;

import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.Pass;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/** Batch normalization channel by channel, by the two-pass definition of the variance. */
final class R64BatchNorm {
    private static final double U = Expected.U;

    /**
     * By how many u of the deviation the mean of float sums may be off, which shows where x is nearly the mean. The sums are of
     * x - p, p being the mean of k rows: d = |p - mean| is a deviation times 1/sqrt(k). A chain of m additions of q such
     * terms at a time has partial sums of about i q d, whose roundings, independent and of 0.41 u each, add up to 0.24 u q d
     * m^1.5 (Higham and Mary 2019: the root of the number of roundings, where Higham's bound has the number). Of n = m q rows, q =
     * 4 and k = n / 16, that is 0.5 u of the deviation in the mean, times two normal variables: beyond 16 times that, 8 u,
     * once in 10^7 channels; beyond 2 u, as was allowed, once in 200.
     */
    private static final double OFF_MEAN = 8;

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
        double[] spread = new double[c];
        double[] var = runningVar.clone();
        if (training) {
            for (int i = 0; i < src.length; i++) {
                mean[i % c] += src[i];
                meanTerms[i % c] += Expected.size(src[i]) / rows;
            }
            for (int k = 0; k < c; k++) {
                mean[k] /= rows;
            }
            double[] squares = new double[c];
            for (int i = 0; i < src.length; i++) {
                double d = src[i] - mean[i % c];
                squares[i % c] += d * d;
                spread[i % c] += Expected.size(d * d);
            }
            for (int k = 0; k < c; k++) {
                var[k] = squares[k] / rows;
                runningMean[k] = (1 - (double) s.momentum()) * runningMean[k] + s.momentum() * mean[k];
                runningVar[k] = (1 - (double) s.momentum()) * runningVar[k] + s.momentum() * squares[k] / (rows - 1);
            }
        }
        for (int k = 0; k < c; k++) {
            invStd[k] = 1 / Math.sqrt(var[k] + s.eps());
        }
        double[] dst = new double[rows * c];
        double[] tolerance = new double[rows * c];
        double[] reach = new double[rows * c];
        double[] gammas = in.get("gamma");
        double[] betas = in.get("beta");
        double[] residuals = s.residual() ? in.get("residual") : null;
        for (int i = 0; i < dst.length; i++) {
            int k = i % c;
            double normal = gammas[k] * (src[i] - mean[k]) * invStd[k];
            double residual = s.residual() ? residuals[i] : 0;
            double y = normal + betas[k] + residual;
            dst[i] = s.relu() && y <= 0 ? 0 : y;
            double rest = Expected.size(betas[k]) + Expected.size(residual);
            double offMean = training ? OFF_MEAN * U * Expected.size(gammas[k]) : 0;
            tolerance[i] = 6e-7 * (Expected.size(normal) + rest) + offMean;
            // Scale and shift may be folded into one of each, or gamma come first.
            double gamma = Math.abs(gammas[k]);
            double distance = Math.max(1, Math.abs(src[i]) + Math.abs(mean[k]));
            double reached = distance * Math.max(1, gamma) * Math.max(1, invStd[k]) + rest;
            reach[i] = Double.isNaN(y) ? 0 : s.relu() && Expected.overflows(reached) ? Double.NaN : reached;
            if (Expected.overflows(spread[k])) {
                reach[i] = Double.NaN;
            }
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", new Expected(dst, tolerance, reach));
        if (training) {
            double[] before = in.get("runningMean");
            double[] beforeVar = in.get("runningVar");
            IntToDoubleFunction sums = k -> Double.isFinite(mean[k]) ? rows * meanTerms[k] : Double.POSITIVE_INFINITY;
            IntToDoubleFunction squares = k -> Expected.overflows(spread[k]) ? Double.NaN : 0;
            out.put(
                    "mean",
                    Expected.of(mean, k -> Expected.SUM * U * meanTerms[k]).reaching(sums));
            out.put("invStd", Expected.of(invStd, k -> invStd[k] * 16 * U).reaching(squares));
            out.put(
                    "runningMean",
                    Expected.of(runningMean, k -> Expected.SUM * U * (Expected.size(before[k]) + meanTerms[k]))
                            .reaching(sums));
            out.put(
                    "runningVar",
                    Expected.of(runningVar, k -> Expected.SUM * U * (Math.abs(beforeVar[k]) + Math.abs(runningVar[k])))
                            .reaching(squares));
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
            double[] dst = in.get("dst");
            for (int i = 0; i < g.length; i++) {
                g[i] *= dst[i] > 0 ? 1 : 0;
            }
        }
        double[] diffGamma = new double[c];
        double[] diffBeta = new double[c];
        double[] gammaTerms = new double[c];
        double[] betaTerms = new double[c];
        double[] reach = new double[c];
        for (int i = 0; i < g.length; i++) {
            int k = i % c;
            double normal = (src[i] - mean[k]) * invStd[k];
            diffGamma[k] += g[i] * normal;
            diffBeta[k] += g[i];
            gammaTerms[k] += Expected.size(g[i] * normal);
            betaTerms[k] += Expected.size(g[i]);
            reach[k] += Expected.size(g[i] * (src[i] - mean[k])) * Math.max(1, invStd[k]);
        }
        double[] diffSrc = new double[rows * c];
        double[] terms = new double[rows * c];
        double[] elementReach = new double[rows * c];
        for (int i = 0; i < g.length; i++) {
            int k = i % c;
            double normal = (src[i] - mean[k]) * invStd[k];
            diffSrc[i] = gamma[k] * invStd[k] * (g[i] - diffBeta[k] / rows - normal * diffGamma[k] / rows);
            double size = Expected.size(normal) * gammaTerms[k];
            terms[i] = Expected.size(gamma[k] * invStd[k]) * (Expected.size(g[i]) + betaTerms[k] / rows + size / rows)
                    // Three terms, each rounded on its own where all are subnormal.
                    + 2 * 0x1p-149 / (Expected.SUM * U);
            double scale = Math.max(1, Math.abs(gamma[k])) * Math.max(1, invStd[k]);
            double all = scale
                    * (Expected.size(g[i])
                            + betaTerms[k]
                            + Math.max(reach[k], Math.max(size, reach[k] * Expected.size(normal))));
            elementReach[i] = Double.isFinite(diffSrc[i]) ? all : Math.max(all, Double.POSITIVE_INFINITY);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("diffSrc", Expected.sums(diffSrc, terms, false).reaching(i -> elementReach[i]));
        if (s.residual()) {
            out.put("diffResidual", Expected.bits(g));
        }
        out.put("diffGamma", Expected.of(diffGamma, k -> 5e-6 * gammaTerms[k]).reaching(k -> reach[k]));
        out.put("diffBeta", Expected.of(diffBeta, k -> 5e-6 * betaTerms[k]).reaching(k -> betaTerms[k]));
        return out;
    }
}
