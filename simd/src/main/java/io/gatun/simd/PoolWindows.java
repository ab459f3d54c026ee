package io.gatun.simd;

import io.gatun.spec.PoolSpec;
import io.gatun.spec.PoolSpec.Op;

/** Where the windows of a pool lie, clipped to the image, and which windows cover a cell. */
final class PoolWindows {
    private final PoolSpec s;

    PoolWindows(PoolSpec spec) {
        this.s = spec;
    }

    int top(int y) {
        return Math.max(0, y * s.sh() - s.ph());
    }

    int bottom(int y) {
        return Math.min(s.h(), y * s.sh() - s.ph() + s.kh());
    }

    int left(int x) {
        return Math.max(0, x * s.sw() - s.pw());
    }

    int right(int x) {
        return Math.min(s.w(), x * s.sw() - s.pw() + s.kw());
    }

    /** What the sum over window (y, x) is divided by, at least 1. */
    float divisor(int y, int x) {
        if (s.op() == Op.AVG) {
            return Math.max(1L, (long) (bottom(y) - top(y)) * (right(x) - left(x)));
        }
        long top = (long) y * s.sh() - s.ph();
        long left = (long) x * s.sw() - s.pw();
        long height = Math.min(top + s.kh(), s.h() + s.pb()) - top;
        long width = Math.min(left + s.kw(), s.w() + s.pr()) - left;
        return Math.max(1L, height * width);
    }

    /** First output row whose window reaches input row {@code y}. */
    int firstRow(int y) {
        return first(y + s.ph(), s.kh(), s.sh());
    }

    /** One past the last. */
    int endRow(int y) {
        return Math.min(s.oh(), (y + s.ph()) / s.sh() + 1);
    }

    int firstCol(int x) {
        return first(x + s.pw(), s.kw(), s.sw());
    }

    int endCol(int x) {
        return Math.min(s.ow(), (x + s.pw()) / s.sw() + 1);
    }

    private static int first(int padded, int kernel, int stride) {
        return padded < kernel ? 0 : (padded - kernel) / stride + 1;
    }
}
