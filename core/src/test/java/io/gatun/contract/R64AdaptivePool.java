package io.gatun.contract;

import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.Direction;
import java.util.Map;

/** Pooling to a given size: an element is in window i of an axis if floor(i size / out) <= it < ceil((i + 1) size / out). */
final class R64AdaptivePool {
    private R64AdaptivePool() {}

    private static boolean within(int at, int window, int size, int out) {
        return (int) Math.floor((double) window * size / out) <= at
                && at < (int) Math.ceil((window + 1.0) * size / out);
    }

    static Map<String, Expected> expected(AdaptivePoolSpec s, Inputs in) {
        boolean max = s.op() == AdaptivePoolSpec.Op.MAX;
        boolean forward = s.direction() == Direction.FORWARD;
        int outs = s.n() * s.oh() * s.ow() * s.c();
        double[] dst = new double[outs];
        double[] indices = new double[outs];
        double[] reach = new double[outs];
        double[] terms = new double[outs];
        double[] diffSrc = new double[s.n() * s.h() * s.w() * s.c()];
        double[] diffTerms = new double[diffSrc.length];
        for (int o = 0; o < outs; o++) {
            int channel = o % s.c();
            int x = o / s.c() % s.ow();
            int y = o / s.c() / s.ow() % s.oh();
            int first = o / s.c() / s.ow() / s.oh() * s.h() * s.w();
            int size = 0;
            for (int p = 0; p < s.h() * s.w(); p++) {
                size += inside(s, p, y, x) ? 1 : 0;
            }
            indices[o] = -1;
            for (int p = 0; p < s.h() * s.w(); p++) {
                if (!inside(s, p, y, x)) {
                    continue;
                }
                int at = (first + p) * s.c() + channel;
                if (!forward) {
                    boolean takes = !max || in.get("indices")[o] == p;
                    double part = takes ? in.get("diffDst")[o] / (max ? 1 : size) : 0;
                    diffSrc[at] += part;
                    diffTerms[at] += Expected.size(part);
                } else if (max) {
                    double value = in.get("src")[at];
                    boolean larger = indices[o] < 0 || value > dst[o] || Double.isNaN(value);
                    if (larger && !Double.isNaN(dst[o])) {
                        dst[o] = value;
                        indices[o] = p;
                    }
                } else {
                    dst[o] += in.get("src")[at] / size;
                    reach[o] += Expected.size(in.get("src")[at]);
                    terms[o] += Expected.size(in.get("src")[at]) / size;
                }
            }
        }
        if (!forward) {
            return Map.of("diffSrc", Expected.sums(diffSrc, diffTerms, in.exact));
        }
        return max
                ? Map.of("dst", Expected.bits(dst), "indices", Expected.exact(indices))
                : Map.of("dst", Expected.sums(dst, terms, in.exact).reaching(o -> reach[o]));
    }

    private static boolean inside(AdaptivePoolSpec s, int pixel, int y, int x) {
        return within(pixel / s.w(), y, s.h(), s.oh()) && within(pixel % s.w(), x, s.w(), s.ow());
    }
}
