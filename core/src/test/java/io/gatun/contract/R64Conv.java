package io.gatun.contract;

import io.gatun.spec.ConvSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** The three directions of a convolution: one walk over all (output, filter tap) pairs that lie inside the image. */
final class R64Conv {
    private R64Conv() {}

    /** A group's channels under one tap: {@code count} elements of src and of weights that belong to one of dst. */
    interface Tap {
        void at(int src, int weights, int dst, int count);
    }

    static void walk(ConvSpec s, Tap tap) {
        int icg = s.ic() / s.groups();
        int ocg = s.oc() / s.groups();
        for (int n = 0; n < s.n(); n++) {
            for (int y = 0; y < s.oh(); y++) {
                for (int x = 0; x < s.ow(); x++) {
                    for (int i = 0; i < s.kh(); i++) {
                        int row = y * s.sh() + i * s.dh() - s.ph();
                        for (int j = 0; j < s.kw(); j++) {
                            int col = x * s.sw() + j * s.dw() - s.pw();
                            if (row < 0 || row >= s.h() || col < 0 || col >= s.w()) {
                                continue;
                            }
                            for (int o = 0; o < s.oc(); o++) {
                                tap.at(
                                        ((n * s.h() + row) * s.w() + col) * s.ic() + o / ocg * icg,
                                        ((o * s.kh() + i) * s.kw() + j) * icg,
                                        ((n * s.oh() + y) * s.ow() + x) * s.oc() + o,
                                        icg);
                            }
                        }
                    }
                }
            }
        }
    }

    static Map<String, Expected> expected(ConvSpec s, Inputs in) {
        Map<String, Expected> out = new LinkedHashMap<>();
        switch (s.direction()) {
            case FORWARD -> {
                double[] src = in.get("src");
                double[] weights = in.get("weights");
                double[] dst = new double[s.n() * s.oh() * s.ow() * s.oc()];
                double[] terms = new double[dst.length];
                if (s.bias()) {
                    double[] bias = in.get("bias");
                    for (int i = 0; i < dst.length; i++) {
                        dst[i] = bias[i % s.oc()];
                        terms[i] = Expected.size(dst[i]);
                    }
                }
                walk(s, (a, b, c, count) -> {
                    double sum = dst[c];
                    double size = terms[c];
                    for (int k = 0; k < count; k++) {
                        double term = src[a + k] * weights[b + k];
                        sum += term;
                        size += Expected.size(term);
                    }
                    dst[c] = sum;
                    terms[c] = size;
                });
                for (int i = 0; i < dst.length; i++) {
                    dst[i] = R64Activation.apply(s.activation(), dst[i]);
                }
                double slope = R64Activation.slope(s.activation());
                double ulps = R64Activation.ulps(s.activation());
                out.put(
                        "dst",
                        in.exact
                                ? Expected.exact(dst)
                                : Expected.of(
                                                dst,
                                                i -> Expected.SUM * Expected.U * terms[i] * slope
                                                        + ulps * Expected.ulp(dst[i]))
                                        .reaching(i -> R64Gemm.reach(s.activation(), terms[i])));
            }
            case BACKWARD_DATA -> {
                double[] diffDst = in.get("diffDst");
                double[] weights = in.get("weights");
                double[] diffSrc = new double[s.n() * s.h() * s.w() * s.ic()];
                double[] terms = new double[diffSrc.length];
                walk(s, (a, b, c, count) -> {
                    double slope = diffDst[c];
                    for (int k = 0; k < count; k++) {
                        add(diffSrc, terms, a + k, slope * weights[b + k]);
                    }
                });
                out.put("diffSrc", Expected.sums(diffSrc, terms, in.exact));
            }
            case BACKWARD_WEIGHTS -> {
                double[] diffDst = in.get("diffDst");
                double[] src = in.get("src");
                double[] diffWeights = new double[s.oc() * s.kh() * s.kw() * (s.ic() / s.groups())];
                double[] terms = new double[diffWeights.length];
                walk(s, (a, b, c, count) -> {
                    double slope = diffDst[c];
                    for (int k = 0; k < count; k++) {
                        add(diffWeights, terms, b + k, slope * src[a + k]);
                    }
                });
                out.put("diffWeights", Expected.sums(diffWeights, terms, in.exact));
                if (s.bias()) {
                    double[] diffBias = new double[s.oc()];
                    double[] biasTerms = new double[s.oc()];
                    for (int i = 0; i < diffDst.length; i++) {
                        add(diffBias, biasTerms, i % s.oc(), diffDst[i]);
                    }
                    out.put("diffBias", Expected.sums(diffBias, biasTerms, in.exact));
                }
            }
        }
        return out;
    }

    private static void add(double[] sums, double[] terms, int at, double term) {
        sums[at] += term;
        terms[at] += Expected.size(term);
    }
}
