package io.gatun.contract;

import io.gatun.spec.Direction;
import io.gatun.spec.PoolSpec;
import java.util.Map;

/** Pooling window by window. */
final class R64Pool {
    private R64Pool() {}

    private interface Window {
        /** The part of a window that lies in the image, and how many elements an average divides by. */
        void at(int n, int c, int dst, int top, int bottom, int left, int right, int divisor);
    }

    private static void walk(PoolSpec s, Window window) {
        for (int n = 0; n < s.n(); n++) {
            for (int y = 0; y < s.oh(); y++) {
                for (int x = 0; x < s.ow(); x++) {
                    int top = y * s.sh() - s.ph();
                    int left = x * s.sw() - s.pw();
                    int withPadding = (Math.min(top + s.kh(), s.h() + s.pb()) - top)
                            * (Math.min(left + s.kw(), s.w() + s.pr()) - left);
                    int t = Math.max(0, top);
                    int l = Math.max(0, left);
                    int b = Math.max(t, Math.min(top + s.kh(), s.h()));
                    int r = Math.max(l, Math.min(left + s.kw(), s.w()));
                    int divisor = s.op() == PoolSpec.Op.AVG_PAD ? withPadding : (b - t) * (r - l);
                    for (int c = 0; c < s.c(); c++) {
                        window.at(n, c, ((n * s.oh() + y) * s.ow() + x) * s.c() + c, t, b, l, r, divisor);
                    }
                }
            }
        }
    }

    static Map<String, Expected> expected(PoolSpec s, Inputs in) {
        if (s.direction() == Direction.FORWARD) {
            return s.op() == PoolSpec.Op.MAX ? max(s, in.get("src")) : average(s, in);
        }
        double[] diffSrc = new double[s.n() * s.h() * s.w() * s.c()];
        double[] terms = new double[diffSrc.length];
        double[] diffDst = in.get("diffDst");
        boolean max = s.op() == PoolSpec.Op.MAX;
        walk(s, (n, c, dst, top, bottom, left, right, divisor) -> {
            if (max) {
                int index = (int) in.get("indices")[dst];
                if (index >= 0) {
                    int at = (n * s.h() * s.w() + index) * s.c() + c;
                    diffSrc[at] += diffDst[dst];
                    terms[at] += Expected.size(diffDst[dst]);
                }
                return;
            }
            for (int row = top; row < bottom; row++) {
                for (int col = left; col < right; col++) {
                    int at = ((n * s.h() + row) * s.w() + col) * s.c() + c;
                    diffSrc[at] += diffDst[dst] / divisor;
                    terms[at] += Expected.size(diffDst[dst]) / divisor;
                }
            }
        });
        return Map.of("diffSrc", Expected.sums(diffSrc, terms, in.exact));
    }

    private static Map<String, Expected> max(PoolSpec s, double[] src) {
        double[] dst = new double[s.n() * s.oh() * s.ow() * s.c()];
        double[] indices = new double[dst.length];
        walk(s, (n, c, at, top, bottom, left, right, divisor) -> {
            dst[at] = Double.NEGATIVE_INFINITY;
            indices[at] = -1;
            for (int row = top; row < bottom; row++) {
                for (int col = left; col < right; col++) {
                    double value = src[((n * s.h() + row) * s.w() + col) * s.c() + c];
                    boolean larger = value > dst[at] || indices[at] < 0;
                    if (!Double.isNaN(dst[at]) && (larger || Double.isNaN(value))) {
                        dst[at] = value;
                        indices[at] = row * s.w() + col;
                    }
                }
            }
        });
        return Map.of("dst", Expected.bits(dst), "indices", Expected.exact(indices));
    }

    /** A window wholly in the padding averages nothing: 0, as in PyTorch. */
    private static Map<String, Expected> average(PoolSpec s, Inputs in) {
        double[] src = in.get("src");
        double[] dst = new double[s.n() * s.oh() * s.ow() * s.c()];
        double[] terms = new double[dst.length];
        double[] reach = new double[dst.length];
        walk(s, (n, c, at, top, bottom, left, right, divisor) -> {
            double sum = 0;
            for (int row = top; row < bottom; row++) {
                for (int col = left; col < right; col++) {
                    double value = src[((n * s.h() + row) * s.w() + col) * s.c() + c];
                    sum += value;
                    reach[at] += Expected.size(value);
                }
            }
            dst[at] = bottom > top && right > left ? sum / divisor : 0;
            terms[at] = reach[at] / Math.max(1, divisor);
        });
        return Map.of("dst", Expected.sums(dst, terms, in.exact).reaching(i -> reach[i]));
    }
}
