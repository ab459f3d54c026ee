package io.gatun.contract;

import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.Pass;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Group (layer, instance) normalization, element by element of each group, by the two-pass definition of the variance. */
final class R64GroupNorm {
    private static final double U = Expected.U;

    private final GroupNormSpec s;
    private final int c;
    private final int count;
    private final double[] src;
    private final double[] gamma;

    private R64GroupNorm(GroupNormSpec s, Inputs in) {
        this.s = s;
        this.c = s.c();
        this.count = Math.toIntExact(s.hw() * c / s.groups());
        this.src = in.get("src");
        this.gamma = s.affine() ? in.get("gamma") : filled(c, 1);
    }

    static Map<String, Expected> expected(GroupNormSpec s, Inputs in) {
        R64GroupNorm oracle = new R64GroupNorm(s, in);
        return s.pass() == Pass.BACKWARD ? oracle.backward(in) : oracle.forward(in);
    }

    private static double[] filled(int length, double value) {
        double[] all = new double[length];
        Arrays.fill(all, value);
        return all;
    }

    private int statistics() {
        return Math.toIntExact(s.n()) * s.groups();
    }

    /** Which mean belongs to element i. */
    private int group(int i) {
        return (int) (i / (s.hw() * c)) * s.groups() + i % c / (c / s.groups());
    }

    private Map<String, Expected> forward(Inputs in) {
        double[] beta = s.affine() ? in.get("beta") : new double[c];
        int groups = statistics();
        double[] mean = new double[groups];
        double[] meanTerms = new double[groups];
        double[] spread = new double[groups];
        double[] squares = new double[groups];
        for (int i = 0; i < src.length; i++) {
            mean[group(i)] += src[i] / count;
            meanTerms[group(i)] += Expected.size(src[i]) / count;
        }
        for (int i = 0; i < src.length; i++) {
            double d = src[i] - mean[group(i)];
            squares[group(i)] += d * d;
            spread[group(i)] += Expected.size(d * d);
        }
        double[] invStd = new double[groups];
        Arrays.setAll(invStd, g -> 1 / Math.sqrt(squares[g] / count + s.eps()));
        double[] dst = new double[src.length];
        double[] tolerance = new double[src.length];
        double[] reach = new double[src.length];
        for (int i = 0; i < dst.length; i++) {
            int k = i % c;
            int g = group(i);
            double normal = gamma[k] * (src[i] - mean[g]) * invStd[g];
            dst[i] = normal + beta[k];
            // The mean of float sums is off by a share of the deviation: see R64BatchNorm.
            tolerance[i] = 6e-7 * (Expected.size(normal) + Expected.size(beta[k])) + 2 * U * Expected.size(gamma[k]);
            double distance = Math.max(1, Math.abs(src[i]) + Math.abs(mean[g]));
            double reached = distance * Math.max(1, Math.abs(gamma[k])) * Math.max(1, invStd[g]) + Math.abs(beta[k]);
            reach[i] = Expected.overflows(spread[g]) ? Double.NaN : Double.isNaN(dst[i]) ? 0 : reached;
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("dst", new Expected(dst, tolerance, reach));
        if (s.pass() == Pass.TRAINING) {
            out.put(
                    "mean",
                    Expected.of(mean, g -> Expected.SUM * U * meanTerms[g])
                            .reaching(g -> Double.isFinite(mean[g]) ? count * meanTerms[g] : Double.POSITIVE_INFINITY));
            out.put(
                    "invStd",
                    Expected.of(invStd, g -> invStd[g] * 16 * U)
                            .reaching(g -> Expected.overflows(spread[g]) ? Double.NaN : 0));
        }
        return out;
    }

    /** diffSrc = invStd (gamma g - S - x^ P), S and P the group's means of gamma g and gamma g x^. */
    private Map<String, Expected> backward(Inputs in) {
        double[] mean = in.get("mean");
        double[] invStd = in.get("invStd");
        double[] g = in.get("diffDst");
        int samples = Math.toIntExact(s.n());
        // Of each channel of each sample: the factor gamma comes after the sum.
        double[] sums = new double[samples * c];
        double[] products = new double[samples * c];
        double[] reach = new double[samples * c];
        double[] normal = new double[g.length];
        double[] sumTerms = new double[samples * c];
        double[] productTerms = new double[samples * c];
        for (int i = 0; i < g.length; i++) {
            int at = (int) (i / (s.hw() * c)) * c + i % c;
            normal[i] = (src[i] - mean[group(i)]) * invStd[group(i)];
            sums[at] += g[i];
            products[at] += g[i] * normal[i];
            sumTerms[at] += Expected.size(g[i]);
            productTerms[at] += Expected.size(g[i] * normal[i]);
            // x^ may overflow where g x^ does not.
            reach[at] += Math.max(1, Expected.size(g[i]))
                    * Expected.size(src[i] - mean[group(i)])
                    * Math.max(1, invStd[group(i)]);
        }
        int groups = statistics();
        double[] sum = new double[groups];
        double[] product = new double[groups];
        double[] sumSize = new double[groups];
        double[] productSize = new double[groups];
        double[] groupReach = new double[groups];
        double[] diffGamma = new double[c];
        double[] diffBeta = new double[c];
        double[] gammaTerms = new double[c];
        double[] betaTerms = new double[c];
        double[] gammaReach = new double[c];
        for (int at = 0; at < samples * c; at++) {
            int k = at % c;
            int to = at / c * s.groups() + k / (c / s.groups());
            sum[to] += gamma[k] * sums[at] / count;
            product[to] += gamma[k] * products[at] / count;
            sumSize[to] += Expected.size(gamma[k] * sumTerms[at]) / count;
            productSize[to] += Expected.size(gamma[k] * productTerms[at]) / count;
            groupReach[to] += Math.max(1, Math.abs(gamma[k])) * (sumTerms[at] + reach[at]);
            diffGamma[k] += products[at];
            diffBeta[k] += sums[at];
            gammaTerms[k] += productTerms[at];
            betaTerms[k] += sumTerms[at];
            gammaReach[k] += reach[at];
        }
        double[] diffSrc = new double[g.length];
        double[] terms = new double[g.length];
        double[] elementReach = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            int k = i % c;
            int at = group(i);
            diffSrc[i] = invStd[at] * (gamma[k] * g[i] - sum[at] - normal[i] * product[at]);
            double size = Expected.size(normal[i]);
            terms[i] =
                    Expected.size(invStd[at]) * (Expected.size(gamma[k] * g[i]) + sumSize[at] + size * productSize[at])
                            // Three terms, each rounded on its own where all are subnormal.
                            + 2 * 0x1p-149 / (Expected.SUM * U);
            double scale = Math.max(1, invStd[at]);
            double all = scale
                    * scale
                    * (Expected.size(gamma[k] * g[i])
                            + Math.abs(gamma[k])
                            + (sumSize[at] + productSize[at] + groupReach[at]) * Math.max(1, size));
            elementReach[i] = Double.isFinite(diffSrc[i]) ? all : Math.max(all, Double.POSITIVE_INFINITY);
        }
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put("diffSrc", Expected.sums(diffSrc, terms, false).reaching(i -> elementReach[i]));
        if (s.affine()) {
            out.put(
                    "diffGamma",
                    Expected.of(diffGamma, k -> 5e-6 * gammaTerms[k]).reaching(k -> gammaReach[k]));
            out.put("diffBeta", Expected.of(diffBeta, k -> 5e-6 * betaTerms[k]).reaching(k -> betaTerms[k]));
        }
        return out;
    }
}
