package io.gatun.contract;

import io.gatun.spec.LossSpec;
import io.gatun.spec.Reduction;
import java.util.LinkedHashMap;
import java.util.Map;

/** The losses by their definitions in double, with the size of what is added on the way to each. */
final class R64Loss {
    private static final double U = Expected.U;

    private R64Loss() {}

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    private static double sigmoid(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    /** The limit where a target leaves no room for an infinite loss. */
    private static double times(double a, double b) {
        return a == 0 && !Double.isNaN(b) ? 0 : a * b;
    }

    private static double bounded(double log) {
        return Math.max(log, -100);
    }

    /** l, dl/dx and how large the terms of each are. */
    private record Element(double term, double slope, double termSize, double slopeSize) {
        static Element of(double term, double slope) {
            return new Element(term, slope, Math.abs(term), Math.abs(slope));
        }
    }

    private static Element element(LossSpec s, double x, double t, double w) {
        double e = x - t;
        double a = s.parameter();
        double sign = Double.isNaN(e) ? e : Math.signum(e);
        return switch (s.kind()) {
            case MSE -> Element.of(e * e, 2 * e);
            case L1 -> Element.of(Math.abs(e), sign);
            case SMOOTH_L1 ->
                Math.abs(e) < a ? Element.of(0.5 * e * e / a, e / a) : Element.of(Math.abs(e) - 0.5 * a, sign);
            case HUBER ->
                Math.abs(e) <= a ? Element.of(0.5 * e * e, e) : Element.of(a * (Math.abs(e) - 0.5 * a), a * sign);
            case QUANTILE ->
                Element.of(
                        Double.isNaN(e) ? e : Math.max(-a * e, (1 - a) * e), e < 0 ? -a : e > 0 ? 1 - a : e + 0.5 - a);
            case MSLE -> {
                double d = Math.log1p(x) - Math.log1p(t);
                double size = Math.abs(Math.log1p(x)) + Math.abs(Math.log1p(t));
                yield new Element(
                        d * d, 2 * d / (1 + x), Math.abs(d) * size + U * size * size, 2 * size / Math.abs(1 + x));
            }
            case BCE -> {
                double yes = t * bounded(Math.log(x));
                double no = (1 - t) * bounded(Math.log1p(-x));
                double slope = e / Math.max(x * (1 - x), 1e-12f);
                yield new Element(-yes - no, slope, Math.abs(yes) + Math.abs(no), Math.abs(slope));
            }
            case BCE_WITH_LOGITS -> {
                double yes = times(w * t, softplus(-x));
                double no = times(1 - t, softplus(x));
                double up = (1 - t) * sigmoid(x);
                double down = w * t * sigmoid(-x);
                yield new Element(yes + no, up - down, Math.abs(yes) + Math.abs(no), Math.abs(up) + Math.abs(down));
            }
            case FOCAL -> focal(s, x, t);
            case SOFT_MARGIN -> {
                double m = t * x;
                double chance = sigmoid(-m);
                double far = Math.abs(m) * chance;
                yield new Element(
                        softplus(-m), -t * chance, softplus(-m) + far, Math.abs(t) * (chance + Math.abs(m) * chance));
            }
            case HINGE -> {
                double m = a - t * x;
                double size = Math.abs(a) + Math.abs(t * x);
                yield new Element(Double.isNaN(m) ? m : Math.max(m, 0), m > 0 ? -t : m <= 0 ? 0 : m, size, Math.abs(t));
            }
            case POISSON_NLL -> {
                double rate = Math.exp(x);
                double seen = times(t, x);
                yield new Element(rate - seen, rate - t, rate + Math.abs(seen), rate + Math.abs(t));
            }
            case POISSON_NLL_RATE -> {
                double seen = times(t, Math.log(x + a));
                double slope = t / (x + a);
                yield new Element(x - seen, 1 - slope, Math.abs(x) + Math.abs(seen) + Math.abs(t), 1 + Math.abs(slope));
            }
            case KL_DIV -> {
                double term = t == 0 && x == x ? 0 : t * (Math.log(t) - x);
                yield new Element(
                        term,
                        -t,
                        times(Math.abs(t), Math.abs(Math.log(t)) + Math.abs(x)) + Math.abs(term),
                        Math.abs(t));
            }
            case KL_DIV_LOG -> {
                double p = Math.exp(t);
                double term = t == Double.NEGATIVE_INFINITY && x == x ? 0 : p * (t - x);
                yield new Element(term, -p, times(p, Math.abs(t) + Math.abs(x)) + Math.abs(term), p);
            }
        };
    }

    private static Element focal(LossSpec s, double x, double t) {
        double gamma = s.parameter();
        double share = s.second() == -1 ? 1 : s.second() * t + (1 - (double) s.second()) * (1 - t);
        double p = sigmoid(x);
        double q = sigmoid(-x);
        double miss = Math.max(p * (1 - t) + q * t, Float.MIN_NORMAL);
        double plain = times(t, softplus(-x)) + times(1 - t, softplus(x));
        double outer = times(gamma * p * q * (1 - 2 * t) / miss, plain);
        double factor = share * Math.pow(miss, gamma);
        double rounding = 1 + gamma * Math.abs(Math.log(miss));
        double term = factor * plain;
        double slope = factor * (outer + (1 - t) * p - t * q);
        double size = Math.abs(factor) * (Math.abs(outer) + Math.abs((1 - t) * p) + Math.abs(t * q));
        return new Element(term, slope, Math.abs(term) * rounding, size * rounding);
    }

    static Map<String, Expected> expected(LossSpec s, Inputs in) {
        int count = (int) s.count();
        double[] x = in.get("prediction");
        double[] t = in.get("target");
        double[] terms = new double[count];
        double[] termSizes = new double[count];
        double[] slopes = new double[count];
        double[] slopeSizes = new double[count];
        double sum = 0;
        double size = 0;
        double reach = 0;
        for (int i = 0; i < count; i++) {
            double w = s.weighted() ? in.get("weights")[i % (int) s.cols()] : 1;
            Element element = element(s, x[i], t[i], w);
            terms[i] = element.term;
            termSizes[i] = element.termSize;
            slopes[i] = element.slope / s.divisor();
            slopeSizes[i] = element.slopeSize / s.divisor();
            sum += element.term;
            size += element.termSize;
            reach += Expected.size(element.termSize);
        }
        boolean each = s.reduction() == Reduction.NONE;
        double farthest = reach;
        double all = size / s.divisor();
        Map<String, Expected> out = new LinkedHashMap<>();
        out.put(
                "loss",
                each
                        ? sized(terms, termSizes, in.exact)
                        : Expected.of(new double[] {sum / s.divisor()}, i -> in.exact ? 0 : 16 * U * all)
                                .reaching(i -> farthest));
        if (s.gradient()) {
            out.put("diffPrediction", sized(slopes, slopeSizes, in.exact));
        }
        return out;
    }

    /** A size that is not finite has no digits to hold; one beyond MAX may have overflowed on the way. */
    private static Expected sized(double[] values, double[] sizes, boolean exact) {
        return exact
                ? Expected.exact(values)
                : Expected.of(values, i -> Double.isFinite(sizes[i]) ? 16 * U * sizes[i] : 0)
                        .reaching(i -> Expected.size(sizes[i]));
    }
}
